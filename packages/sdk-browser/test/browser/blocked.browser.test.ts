/** A blocker in the browser refuses the gateway's paths: the page is as the shop made it, and a developer reads why. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { STUB, type Stage, startStage, type Visit } from "../support/browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  stage.gateway.forget();
});

const loaded = "typeof window.endcap.track === 'function'";
const slot = '<endcap-recommendations placement="home"><p>Our bestsellers</p></endcap-recommendations>';
/** What Chromium itself says of a refused request is not ours. */
const ours = ({ problems }: Visit) => problems.filter((line) => !line.startsWith("Failed to load resource"));

test("events wait and the shop's own row stays; when the blocker lets go, everything arrives once", async () => {
  const { gateway, shop, tag } = stage;
  shop.pages.set("/", { html: `<!doctype html><title>Shop</title>${STUB}${tag}${slot}` });
  await using visit = await stage.visit("/blank");
  const { page } = visit;
  let blocks = true;
  await page.route(`${gateway.origin}/v1/**`, (route) => (blocks ? route.abort("blockedbyclient") : route.continue()));
  await page.goto(shop.origin);
  await page.waitForFunction(loaded);
  visit.problems.length = 0;
  for (const id of ["a", "b"]) await page.evaluate(`endcap.track('view_item', { items: ['${id}'] }); endcap.flush()`);
  expect(await page.getByText("Our bestsellers").isVisible()).toBe(true);
  expect(ours(visit).filter((line) => line === "endcap: waits 0")).toHaveLength(1);
  expect(ours(visit).every((line) => /^endcap: (waits 0|no recommendations 0)$/.test(line))).toBe(true);
  expect(gateway.requests).toEqual([]);
  blocks = false;
  await page.evaluate("dispatchEvent(new Event('online'))");
  await gateway.until(() => gateway.events.size === 2);
  await page.evaluate("endcap.flush()");
  expect([...gateway.events.values()].map(({ items }) => items?.[0]?.id).sort()).toEqual(["a", "b"]);
});

test("the script itself refused leaves a page that works, calls and all", async () => {
  const { gateway, shop, tag } = stage;
  shop.pages.set("/", { html: `<!doctype html><title>Shop</title>${STUB}${tag}${slot}` });
  await using visit = await stage.visit("/blank");
  const { page } = visit;
  await page.route(`${gateway.origin}/**`, (route) => route.abort("blockedbyclient"));
  await page.goto(shop.origin, { waitUntil: "load" });
  visit.problems.length = 0;
  await page.evaluate("endcap.q.push(['track', 'view_item', { items: ['a'] }])");
  expect(await page.getByText("Our bestsellers").isVisible()).toBe(true);
  expect(ours(visit)).toEqual([]);
});

test("by a path of the shop's own nothing is refused", async () => {
  const { gateway, shop, tag } = stage;
  const firstParty = tag.replace("<script", '<script data-endpoint="/own"');
  shop.pages.set("/", { html: `<!doctype html><title>Shop</title>${STUB}${firstParty}` });
  await using visit = await stage.visit("/blank");
  const { page } = visit;
  await page.route(`${gateway.origin}/v1/**`, (route) => route.abort("blockedbyclient"));
  // The shop's proxy.
  await page.route(`${shop.origin}/own/**`, (route) =>
    route.continue({ url: route.request().url().replace(`${shop.origin}/own`, gateway.origin) }),
  );
  await page.goto(shop.origin);
  await page.waitForFunction(loaded);
  visit.problems.length = 0;
  await page.evaluate("endcap.track('view_item', { items: ['a'] })");
  await gateway.until(() => gateway.events.size === 1);
  expect(ours(visit)).toEqual([]);
});
