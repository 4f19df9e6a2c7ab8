/** The snippets of docs/browser.md are these files, and they work. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Stage, startStage } from "../support/browser.ts";
import { recommended } from "../support/items.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  for (let i = 0; i < 6; i++) {
    stage.gateway.files.set(`/sdk/picture-${i}.svg`, { type: "image/svg+xml", bytes: new Uint8Array() });
  }
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  stage.gateway.forget();
  stage.lists.items = recommended(6, stage.gateway.origin);
});

function lay(name: string): string {
  const html = read(`../snippets/${name}.html`);
  expect(read("../../../../docs/browser.md")).toContain(html);
  const here = html
    .replaceAll("https://edge.endcap.example", stage.gateway.origin)
    .replaceAll("pk_live_example", stage.key);
  stage.shop.pages.set(`/${name}`, { html: `<!doctype html><html lang=en><title>${name}</title>${here}` });
  return `/${name}`;
}

test("the tag and a slot", async () => {
  await using visit = await stage.visit(lay("tag"));
  await visit.page.locator("endcap-recommendations li:not(.skeleton) a").nth(5).waitFor();
  expect(visit.problems).toEqual([]);
});

test("consent", async () => {
  await using visit = await stage.visit(lay("consent"));
  await visit.page.waitForFunction("typeof endcap.track === 'function'");
  await visit.page.evaluate("endcap.track('page_view')");
  expect(stage.gateway.requests).toEqual([]);
  await visit.page.getByRole("button", { name: "Yes" }).click();
  await stage.gateway.until(() => stage.gateway.requests.length === 1);
});

test("a template", async () => {
  await using visit = await stage.visit(lay("template"));
  await visit.page.locator("a.product").nth(5).waitFor();
  expect((await visit.page.locator("a.product").first().textContent())?.replaceAll(/\s+/g, " ").trim()).toBe(
    "Oak Table €1,234.50",
  );
});
