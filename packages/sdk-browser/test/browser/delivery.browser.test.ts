import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { STUB, type Stage, startStage } from "../support/browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  stage.shop.pages.set("/", {
    html: `<!doctype html><title>Shop</title>${STUB}${stage.tag}<h1>Shop</h1><a href="/next">next</a>`,
  });
  stage.shop.pages.set("/next", { html: `<!doctype html><title>Next</title>${STUB}${stage.tag}<h1>Next</h1>` });
});
afterAll(() => stage[Symbol.asyncDispose]());

beforeEach(() => {
  stage.gateway.forget();
  stage.gateway.override = () => undefined;
});
afterEach(() => {
  // Among them: no preflight, no cookie, no changed batch, no wrong signature.
  expect(stage.gateway.faults).toEqual([]);
});

const loaded = "typeof window.endcap.track === 'function'";
const viewed = () => [...stage.gateway.events.values()].map(({ items }) => items?.[0]?.id).sort();

test("a first visit that leaves while its first event is being answered delivers all of them", async () => {
  const { context, page } = await stage.visit();
  await page.waitForFunction(loaded);
  await page.evaluate("endcap.track('view_item', { items: ['a'] })");
  await stage.gateway.until(() => stage.gateway.events.size === 1);
  // Tracked in the last moment: neither a timer nor an answer will come.
  await page.evaluate("endcap.track('add_to_cart', { items: ['b'] })");
  await page.close({ runBeforeUnload: false });
  await stage.gateway.until(() => stage.gateway.events.size === 2);
  expect(viewed()).toEqual(["a", "b"]);
  await context.close();
});

test("an event tracked in the click that leaves the page arrives, signed", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate("endcap.track('page_view')");
  await stage.gateway.until(() => stage.gateway.events.size === 1);
  await page.evaluate("endcap.flush()");
  await page.evaluate("document.querySelector('a').onclick = () => endcap.track('select_item', { items: ['c'] })");
  await page.click("a");
  await stage.gateway.until(() => stage.gateway.events.size === 2);
  const last = stage.gateway.requests.find(({ body }) => body.includes("select_item"));
  expect(last?.form).toBe("EC1");
  expect(visit.problems).toEqual([]);
});

test("calls made before the SDK is there are made when it is, in order", async () => {
  const { gateway, shop, tag } = stage;
  const call = (id: string) => `endcap.q.push(["track", "view_item", { items: ["${id}"] }]);`;
  shop.pages.set("/early", { html: `<!doctype html>${STUB}<script>${call("1")}${call("2")}</script>${tag}` });
  await using visit = await stage.visit("/early");
  await gateway.until(() => gateway.events.size === 2);
  expect([...gateway.events.values()].map(({ items }) => items?.[0]?.id)).toEqual(["1", "2"]);
  await visit.page.evaluate(call("3"));
  await gateway.until(() => gateway.events.size === 3);
});

test("a second tag changes nothing and says so", async () => {
  const { gateway, shop, tag } = stage;
  shop.pages.set("/twice", { html: `<!doctype html>${tag}${tag}<script>window.first = window.endcap</script>` });
  await using visit = await stage.visit("/twice");
  await visit.page.waitForFunction("window.endcap && typeof window.endcap.track === 'function'");
  await visit.page.waitForLoadState("load");
  await visit.page.evaluate("endcap.track('view_item', { items: ['once'] })");
  await gateway.until(() => gateway.events.size === 1);
  await visit.page.evaluate("endcap.flush()");
  expect(gateway.requests.filter(({ path }) => path === "/v1/events")).toHaveLength(1);
  expect(visit.problems).toEqual(["endcap: a second tag"]);
});

test("two tabs of one shopper send each event once", async () => {
  await using visit = await stage.visit();
  const { gateway } = stage;
  const other = await visit.context.newPage();
  await other.goto(`${stage.shop.origin}/next`);
  await Promise.all([visit.page, other].map((page) => page.waitForFunction(loaded)));
  for (let i = 0; i < 5; i++) {
    await visit.page.evaluate(`endcap.track('view_item', { items: ['one-${i}'] })`);
    await other.evaluate(`endcap.track('view_item', { items: ['two-${i}'] })`);
  }
  await gateway.until(() => gateway.events.size === 10);
  await Promise.all([visit.page, other].map((page) => page.evaluate("endcap.flush()")));
  const batches = gateway.requests.filter(({ path }) => path === "/v1/events").map(({ payload }) => payload.batchId);
  expect(new Set(batches).size).toBe(batches.length);
  expect(new Set([...gateway.events.values()].map(({ anonymousId }) => anonymousId)).size).toBe(1);
});

test("offline events wait and leave when the network is back", async () => {
  await using visit = await stage.visit();
  const { gateway } = stage;
  await visit.page.waitForFunction(loaded);
  await visit.context.setOffline(true);
  await visit.page.evaluate("endcap.track('view_item', { items: ['off'] })");
  await visit.page.evaluate("endcap.flush()");
  expect(gateway.events.size).toBe(0);
  await visit.context.setOffline(false);
  await gateway.until(() => gateway.events.size === 1);
  expect(viewed()).toEqual(["off"]);
});

test("a page that comes back from the back-forward cache goes on", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  // The page says itself that it was restored and not loaded again.
  await page.evaluate(
    "onpageshow = ({ persisted }) => endcap.track('view_item', { items: ['restored ' + persisted] })",
  );
  await page.evaluate("endcap.track('view_item', { items: ['before'] })");
  // A page that holds a lock, as whoever sends does, is not cached: Chromium would load it again.
  await page.evaluate("endcap.flush()");
  await page.click("a");
  await page.waitForFunction(loaded);
  await page.evaluate("history.back()");
  await stage.gateway.until(() => stage.gateway.events.size === 2);
  expect(viewed()).toEqual(["before", "restored true"]);
});

test("a big outbox is handed over in pieces that a beacon may carry", async () => {
  const { gateway } = stage;
  gateway.override = ({ path }) => (path === "/v1/events" ? { status: 503, body: { code: "overloaded" } } : undefined);
  const { context, page } = await stage.visit();
  await page.waitForFunction(loaded);
  await page.evaluate(
    `for (let i = 0; i < 400; i++) endcap.track('search', { query: 'q' + i, context: { pad: 'x'.repeat(200) } })`,
  );
  await page.evaluate("endcap.flush()");
  gateway.override = () => undefined;
  await page.goto(`${stage.shop.origin}/next`);
  await page.waitForFunction(loaded);
  await gateway.until(() => gateway.events.size === 400);
  for (const { body } of gateway.requests) expect(body.length).toBeLessThan(64 * 1024);
  await context.close();
});

test("a data-user-token on the tag signs the shopper in", async () => {
  const { gateway, shop } = stage;
  const tag = stage.tag.replace("<script", `<script data-user-token="${stage.userToken("u-7")}"`);
  shop.pages.set("/account", { html: `<!doctype html>${STUB}${tag}` });
  await using visit = await stage.visit("/account");
  await gateway.until(() => gateway.requests.some(({ path }) => path === "/v1/sessions"));
  await visit.page.waitForFunction(loaded);
  await visit.page.waitForFunction("Object.keys(localStorage).some((key) => key.endsWith(':user'))");
  await visit.page.evaluate("endcap.track('view_item', { items: ['mine'] })");
  await gateway.until(() => gateway.events.size === 1);
  expect(gateway.requests.find(({ path }) => path === "/v1/events")?.userId).toBe("u-7");
});
