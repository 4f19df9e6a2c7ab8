import fc from "fast-check";
import { expect, test } from "vitest";
import { dataBlock, html, trusted } from "../src/pages/html.ts";

test("text is escaped in content and in attributes", () => {
  const evil = `"><script>alert('&')</script>`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    `<p title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</p>`,
  );
});

test("fragments nest, lists join, nothing shows as nothing", () => {
  expect(html`${[1, 2].map((n) => html`<li>${n}</li>`)}${undefined}${false}${trusted("<br>")}`.text).toBe(
    "<li>1</li><li>2</li><br>",
  );
});

test("whatever the text, no markup comes out of it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[<>"']/.test(html`${text}`.text)));
});

test("whatever the data, its block cannot be closed and reads back the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const inside = /^<script type="application\/json" id="x">(.*)<\/script>$/s.exec(
        dataBlock("application/json", value, "x").text,
      )?.[1];
      expect(inside).not.toContain("<");
      expect(JSON.stringify(JSON.parse(inside ?? ""))).toBe(JSON.stringify(value));
    }),
  );
});
