/** `renderRecommendations`: what is in the markup, and what no catalogue can bring into it. */
import { createHash } from "node:crypto";
import type { Item, RecommendationAnswer, RecommendedItem } from "@endcap/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RECOMMENDATIONS_STYLE_HASH, renderRecommendations } from "../src/render/index.ts";

const oak: Item = {
  id: "oak",
  title: "Oak Table",
  url: "/p/oak",
  imageUrl: "https://img.example/oak.jpg",
  price: "1349.00",
  listPrice: "1499.00",
  currency: "EUR",
  availability: "in_stock",
  categories: [["Tables"]],
  updatedAt: "2026-01-01T00:00:00Z",
};

const answerWith = (...items: RecommendedItem[]): RecommendationAnswer => ({
  recommendationId: "01900000-0000-7000-8000-000000000001",
  items,
  placement: "home",
  strategy: "for_you",
  model: null,
  serverTime: "2026-01-01T00:00:00Z",
});
const listOf = (...items: Item[]) => answerWith(...items.map((item) => ({ id: item.id, item })));

const TAG = /<(\/?)([a-z][a-z0-9-]*)((?: [a-z-]+="[^"<>]*")*)>/g;

/** Reads markup by a grammar far narrower than HTML's; throws where a character stands outside it. */
function read(html: string): { tags: string[]; attributes: [name: string, value: string][]; texts: string[] } {
  const tags: string[] = [];
  const attributes: [string, string][] = [];
  const texts: string[] = [];
  // The style sheet is ours, has a hash, and is read by another grammar.
  const markup = html.replace(/(<style[^>]*>)[^<]*(<\/style>)/, "$1$2");
  let end = 0;
  for (const match of markup.matchAll(TAG)) {
    texts.push(markup.slice(end, match.index));
    end = match.index + match[0].length;
    tags.push(`${match[1]}${match[2]}`);
    for (const [, name = "", value = ""] of (match[3] ?? "").matchAll(/ ([a-z-]+)="([^"]*)"/g)) {
      attributes.push([name, decoded(value)]);
    }
  }
  texts.push(markup.slice(end));
  for (const text of texts) if (/[<>"']/.test(text)) throw new Error(`markup outside of the grammar: ${text}`);
  return { tags, attributes, texts: texts.map(decoded).filter((text) => text !== "") };
}

const decoded = (text: string) =>
  text.replace(/&(?:amp|lt|gt|quot|#39);|&/g, (entity) => {
    if (entity === "&") throw new Error(`a bare ampersand in ${text}`);
    return { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" }[entity] ?? "&";
  });

const valuesOf = (html: string, attribute: string) =>
  read(html).attributes.flatMap(([name, value]) => (name === attribute ? [value] : []));

test("a list is a declarative shadow root with what the element adopts", () => {
  const html = renderRecommendations(listOf(oak, { ...oak, id: "ash", title: "Ash Table" }), {
    layout: "grid",
    heading: "Picked for you",
    locale: "en-IE",
  });
  expect(html).toMatch(
    /^<endcap-recommendations placement="home" layout="grid" heading="Picked for you" lang="en-IE" recommendation-id="01900000-0000-7000-8000-000000000001"><template shadowrootmode="open"><style>/,
  );
  expect(valuesOf(html, "data-id")).toEqual(["oak", "ash"]);
  expect(valuesOf(html, "class")).toContain("grid");
  expect(read(html).texts).toEqual(
    ["Picked for you", ["Oak Table", "€1,349.00", "€1,499.00"], ["Ash Table", "€1,349.00", "€1,499.00"]].flat(),
  );
});

test("every element is closed in order", () => {
  const open: string[] = [];
  for (const tag of read(renderRecommendations(listOf(oak), { reasons: true })).tags) {
    if (tag.startsWith("/")) expect(open.pop()).toBe(tag.slice(1));
    else if (tag !== "img") open.push(tag);
  }
  expect(open).toEqual([]);
});

test("money is written for the page's readers", () => {
  const texts = (currency: string, locale: string, price = "1349.00") =>
    read(renderRecommendations(listOf({ ...oak, price, currency }), { locale })).texts.slice(1, 2);
  expect(texts("EUR", "de-DE")).toEqual(["1.349,00\u00a0€"]);
  expect(texts("JPY", "ja-JP", "1200")).toEqual(["￥1,200"]);
  expect(texts("nothing", "en")).toEqual(["1349.00 nothing"]);
  expect(texts("USD", "not a language")[0]).toContain("1,349");
});

test("a price that was never higher is not shown as reduced", () => {
  expect(read(renderRecommendations(listOf({ ...oak, listPrice: "1349.00" }))).tags).not.toContain("s");
});

test("the first images load at once, the others when they come near", () => {
  const items = Array.from({ length: 6 }, (_, n) => ({ ...oak, id: `oak-${n}` }));
  expect(valuesOf(renderRecommendations(listOf(...items)), "loading")).toEqual(["lazy", "lazy"]);
});

test("without an answer, or with nothing to show, the bare element is left to ask", () => {
  const bare = '<endcap-recommendations placement="home"></endcap-recommendations>';
  expect(renderRecommendations(undefined, { placement: "home" })).toBe(bare);
  expect(renderRecommendations(answerWith())).toBe(bare);
  expect(renderRecommendations(answerWith({ id: "without-details" }))).toBe(bare);
});

test("an item that leads to a script is left out", () => {
  const urls = ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "https://", ""];
  for (const url of urls) expect(renderRecommendations(listOf({ ...oak, url })), url).not.toContain("<li");
  const withImage = renderRecommendations(listOf({ ...oak, imageUrl: "javascript:alert(1)" }));
  expect(read(withImage).tags).not.toContain("img");
});

test("a strict Content-Security-Policy has nothing to refuse: the style sheet by nonce or by hash, nothing else inline", () => {
  const html = renderRecommendations(listOf(oak), { nonce: "abc" });
  const [, sheet = ""] = /<style nonce="abc">([^<]*)<\/style>/.exec(html) ?? [];
  expect(`'sha256-${createHash("sha256").update(sheet).digest("base64")}'`).toBe(RECOMMENDATIONS_STYLE_HASH);
  const { tags, attributes } = read(html);
  expect(tags).not.toContain("script");
  expect(attributes.filter(([name]) => name === "style" || name.startsWith("on"))).toEqual([]);
});

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</template></style><!--",
    "' onclick='x",
    "&lt;&amp;",
    "]]>",
  ),
);

test("whatever a catalogue and a page say stays text", () => {
  fc.assert(
    fc.property(text, text, text, text, text, (id, title, url, because, heading) => {
      const item = { ...oak, id, title, url: `/p/${url}`, imageUrl: `/i/${url}` };
      const answer = answerWith({ id, item, reason: { text: because, kind: "viewed" } });
      const options = { heading, reasons: true, items: [id], placement: title, nonce: because, previous: url };
      const html = renderRecommendations(answer, options);
      const { tags, attributes, texts } = read(html);
      const shape = renderRecommendations(listOf(oak), { ...options, heading: "h", items: ["i"], placement: "p" });
      expect(tags.join()).toBe(read(shape).tags.join());
      const values = (name: string) => attributes.flatMap(([key, value]) => (key === name ? [value] : []));
      expect(values("data-id")).toEqual([id]);
      expect(values("href")).toEqual([`/p/${url}`]);
      expect(values("src")).toEqual([`/i/${url}`]);
      expect(values("nonce")).toEqual([because]);
      expect(values("placement")).toEqual([title]);
      for (const said of [heading, title, because]) if (said !== "") expect(texts).toContain(said);
    }),
    { numRuns: 300 },
  );
});
