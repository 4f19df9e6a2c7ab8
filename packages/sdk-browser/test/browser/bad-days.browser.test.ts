/**
 * Devices, browsers and policies on their bad days: the page works, what was tracked arrives once and at the right time, and
 * a debugging developer reads one line. Blockers, doubled tags and shops' odd data have files of their own.
 */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { STUB, type Stage, startStage, type Visit } from "../support/browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  const { gateway, shop, tag } = stage;
  gateway.forget();
  shop.pages.set("/", { html: `<!doctype html><title>Shop</title>${STUB}${tag}<h1>Shop</h1>` });
});
afterEach(() => {
  expect(stage.gateway.faults).toEqual([]);
});

const YEAR_MS = 365 * 86_400_000;
const loaded = "window.endcap && typeof window.endcap.track === 'function'";
const view = (id: string) => `endcap.track('view_item', { items: ['${id}'] }); endcap.flush()`;
const viewed = () => [...stage.gateway.events.values()].map(({ items }) => items?.[0]?.id).sort();
const ours = ({ problems }: Visit) => problems.filter((line) => line.startsWith("endcap:"));

test.each([-30, -3, 3, 30])("a clock %i years off: events are told by the server's clock", async (years) => {
  const { gateway, shop } = stage;
  await using visit = await stage.visit("/blank");
  const { page } = visit;
  const off = years * YEAR_MS;
  await page.addInitScript(`{ const right = Date.now; Date.now = () => right() + ${off}; }`);
  await page.goto(shop.origin);
  await page.waitForFunction(loaded);
  visit.problems.length = 0;
  await page.evaluate(view("first"));
  await gateway.until(() => gateway.events.size === 1);
  await page.evaluate(view("second"));
  await gateway.until(() => gateway.events.size === 2);
  expect(ours(visit)).toEqual([expect.stringMatching(/^endcap: clock -?\d+$/)]);
  visit.problems.length = 0;
  // The next page knows it already.
  await page.reload();
  await page.waitForFunction(loaded);
  await page.evaluate(view("third"));
  await gateway.until(() => gateway.events.size === 3);
  for (const { at } of gateway.events.values()) expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
  expect(viewed()).toEqual(["first", "second", "third"]);
  expect(ours(visit)).toEqual([]);
});

test("full storage: events are delivered from memory, the shop's own entries stay", async () => {
  const { gateway, shop } = stage;
  await using visit = await stage.visit("/blank");
  const { page } = visit;
  // To the last character of what Chromium gives.
  await page.evaluate(`for (let chars = 1 << 20, i = 0; chars >= 1; ) {
    try { localStorage.setItem("shop" + i, "x".repeat(chars)); i++; } catch { chars >>= 1; }
  }`);
  const entries = await page.evaluate("localStorage.length");
  await page.goto(shop.origin);
  await page.waitForFunction(loaded);
  visit.problems.length = 0;
  await page.evaluate(view("a"));
  await gateway.until(() => gateway.events.size === 1);
  await page.evaluate(view("b"));
  await gateway.until(() => gateway.events.size === 2);
  expect(viewed()).toEqual(["a", "b"]);
  expect(new Set(gateway.requests.map(({ anonymousId }) => anonymousId)).size).toBe(1);
  expect(await page.evaluate("localStorage.length")).toBe(entries);
  expect(ours(visit)).toEqual([]);
  // Said while the script started.
  await page.reload();
  await page.waitForFunction(loaded);
  await page.evaluate(view("c"));
  await gateway.until(() => gateway.events.size === 3);
  expect(ours(visit)).toEqual(["endcap: no storage"]);
});

test("site data forbidden in the browser's settings, locks with it: events are delivered from memory", async () => {
  const { gateway } = stage;
  const profile = await mkdtemp(join(tmpdir(), "endcap-profile-"));
  await mkdir(join(profile, "Default"));
  const BLOCK = 2;
  await writeFile(
    join(profile, "Default", "Preferences"),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: BLOCK } } }),
  );
  await using visit = await stage.visit("/", { profile });
  const { page } = visit;
  await page.waitForFunction(loaded);
  expect(
    await page.evaluate("(() => { try { return localStorage.length; } catch ({ name }) { return name; } })()"),
  ).toBe("SecurityError");
  await page.evaluate(view("a"));
  await gateway.until(() => gateway.events.size === 1);
  await page.evaluate(view("b"));
  await gateway.until(() => gateway.events.size === 2);
  expect(viewed()).toEqual(["a", "b"]);
  expect(ours(visit)).toEqual(["endcap: no storage"]);
});

test("a policy that refuses our requests: the page works, events wait", async () => {
  const { gateway, shop, tag } = stage;
  const slot = '<endcap-recommendations placement="home"><p>Our bestsellers</p></endcap-recommendations>';
  shop.pages.set("/closed", {
    html: `<!doctype html><title>Shop</title>${tag}${slot}`,
    headers: { "content-security-policy": "connect-src 'self'; worker-src 'none'" },
  });
  await using visit = await stage.visit("/closed");
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate(view("a"));
  expect(await page.getByText("Our bestsellers").isVisible()).toBe(true);
  expect(gateway.requests).toEqual([]);
  expect(ours(visit).filter((line) => line === "endcap: waits 0")).toHaveLength(1);
  // The shop mends its policy.
  await page.evaluate(
    "Object.keys(localStorage).filter((key) => key.endsWith(':wait')).forEach((key) => localStorage.removeItem(key))",
  );
  await page.goto(shop.origin);
  await gateway.until(() => gateway.events.size === 1);
  expect(viewed()).toEqual(["a"]);
});

test("calls that are none or would pollute prototypes do not, cost a line, and the calls beside them are made", async () => {
  const { gateway } = stage;
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate(`endcap.q.push(
    ["__proto__", { polluted: 1 }],
    ["constructor", "polluted"],
    ["__proto__", { polluted: 2 }],
    null,
    JSON.parse('["track", "view_item", { "items": ["a"], "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } } }]'),
    JSON.parse('["track", "view_item", { "items": [{ "id": "__proto__", "__proto__": { "polluted": 1 } }] }]'),
  )`);
  await gateway.until(() => gateway.events.size === 2);
  expect(viewed()).toEqual(["__proto__", "a"]);
  expect(await page.evaluate("({}).polluted ?? Object.polluted ?? endcap.polluted")).toBeUndefined();
  expect(ours(visit)).toEqual(["endcap: no call __proto__", expect.stringMatching(/^endcap: TypeError/)]);
});

test("calls that are no calls cost a line and nothing else", async () => {
  const { gateway } = stage;
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate("endcap.track('view_item', { items: 5 })");
  await page.evaluate("endcap.track('view_item', null)");
  await page.evaluate(view("a"));
  await gateway.until(() => viewed().includes("a"));
  expect(ours(visit)).toEqual([expect.stringMatching(/^endcap: TypeError/)]);
});

test("ids of any script arrive as they are, under a bootstrap and under a signature", async () => {
  const { gateway } = stage;
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate(view("🪑 Стул"));
  await gateway.until(() => gateway.events.size === 1);
  await page.evaluate("endcap.flush()");
  await page.evaluate(view("👩‍👩‍👧‍👦-é-椅子"));
  await gateway.until(() => gateway.events.size === 2);
  expect(viewed()).toEqual(["🪑 Стул", "👩‍👩‍👧‍👦-é-椅子"].sort());
  expect(gateway.requests.map(({ form }) => form)).toEqual(["EP1", "EC1"]);
  expect(visit.problems).toEqual([]);
});

test("10,000 events in one second all arrive, once, and the page goes on", async () => {
  const { gateway } = stage;
  await using visit = await stage.visit();
  const { page } = visit;
  await page.waitForFunction(loaded);
  await page.evaluate("for (let i = 0; i < 10000; i++) endcap.track('view_item', { items: ['🪑 ' + i] })");
  // A task of the page's own is not kept waiting until everything is sent.
  await page.evaluate("new Promise((resolve) => setTimeout(resolve))");
  expect(gateway.events.size).toBeLessThan(10_000);
  await page.evaluate("endcap.flush()");
  await gateway.until(() => gateway.events.size === 10_000);
  expect(new Set(viewed()).size).toBe(10_000);
  expect(visit.problems).toEqual([]);
});

test("more than the outbox holds: the oldest batches go, the newest arrive, and a developer reads it once", async () => {
  const { gateway } = stage;
  await using visit = await stage.visit();
  const { context, page } = visit;
  await page.waitForFunction(loaded);
  await context.setOffline(true);
  visit.problems.length = 0;
  await page.evaluate(
    "for (let i = 0; i < 3000; i++) endcap.track('search', { query: 'q' + i, context: { pad: 'x'.repeat(1000) } })",
  );
  expect(ours(visit)).toEqual(["endcap: full"]);
  await context.setOffline(false);
  await page.evaluate("endcap.track('view_item', { items: ['last'] })");
  await gateway.until(() => viewed().includes("last"));
  const told = [...gateway.events.values()].filter(({ type }) => type === "search").length;
  expect(told).toBeGreaterThan(1000);
  expect(told).toBeLessThan(3000);
});
