/** Before consent nothing is read, stored or sent; after a refusal nothing is left. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { later, STUB, type Stage, startStage } from "../support/browser.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  stage.gateway.forget();
  await stage.configure({});
});
afterEach(() => {
  expect(stage.gateway.faults).toEqual([]);
});

/** Counts every touch of storage and cookies from before the tag is there. */
const WATCH = `<script>
  window.touched = [];
  for (const name of ["getItem", "setItem", "removeItem", "key"]) {
    const native = Storage.prototype[name];
    Storage.prototype[name] = function (...args) { touched.push(name); return native.apply(this, args); };
  }
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(document, "cookie", { get() { touched.push("cookie"); return cookie.get.call(document); }, set() { touched.push("cookie"); } });
</script>`;
const layer = (...entries: string[]) =>
  `<script>dataLayer = []; function gtag() { dataLayer.push(arguments); } ${entries.join(";")}</script>`;
const VIEW = 'dataLayer.push({event: "view_item", ecommerce: {items: [{item_id: "a"}]}})';
const page = (attributes: string, head = "") =>
  `<!doctype html><title>Shop</title>${WATCH}${STUB}${head}${stage.tag.replace("<script", `<script ${attributes}`)}<endcap-recommendations placement="home"></endcap-recommendations>`;
const loaded = "typeof window.endcap.track === 'function'";
const types = () => [...stage.gateway.events.values()].map(({ type }) => type).sort();

test("with consent required nothing is touched until it is given, and nothing is lost by waiting", async () => {
  stage.shop.pages.set("/", { html: page("data-consent=required", layer(VIEW)) });
  await using visit = await stage.visit("/", { clock: true });
  await visit.page.waitForFunction(loaded);
  await visit.page.evaluate("endcap.track('search', {query: 'q'}); endcap.flush()");
  expect(await visit.page.evaluate("endcap.recommend({placement: 'home'})")).toEqual({ items: [], fallback: "empty" });
  await later(visit.page);
  expect(await visit.page.evaluate("touched")).toEqual([]);
  expect(stage.gateway.requests).toEqual([]);
  await visit.page.evaluate("endcap.consent(true)");
  await stage.gateway.until(() => stage.gateway.events.size === 2);
  expect(types()).toEqual(["search", "view_item"]);
  await visit.page.locator("endcap-recommendations").evaluate((host) => host.shadowRoot !== null);

  await visit.page.evaluate("endcap.consent(false); endcap.track('search', {query: 'r'}); endcap.consent(true)");
  await visit.page.evaluate("endcap.flush()");
  expect(types()).toEqual(["search", "view_item"]);
});

test("a refusal forgets everything", async () => {
  stage.shop.pages.set("/", { html: page("") });
  await using visit = await stage.visit();
  await visit.page.waitForFunction(loaded);
  await visit.page.evaluate("endcap.track('search', {query: 'q'})");
  await stage.gateway.until(() => stage.gateway.events.size === 1);
  await visit.page.evaluate("endcap.flush()");
  await visit.page.evaluate("endcap.consent(false)");
  expect(await visit.page.evaluate("Object.keys(localStorage)")).toEqual([]);
});

test("Google's Consent Mode: denied by default waits, granted goes, a refusal stays one", async () => {
  const denied = 'gtag("consent", "default", {ad_storage: "denied", analytics_storage: "denied"})';
  stage.shop.pages.set("/google", { html: page("", layer(denied, VIEW)) });
  await using visit = await stage.visit("/google", { clock: true });
  await visit.page.waitForFunction(loaded);
  await later(visit.page);
  expect(stage.gateway.requests).toEqual([]);
  expect(await visit.page.evaluate("touched")).toEqual([]);
  await visit.page.evaluate('gtag("consent", "update", {analytics_storage: "granted"})');
  await stage.gateway.until(() => stage.gateway.events.size === 1);
  await visit.page.evaluate("endcap.flush()");
  await visit.page.evaluate('gtag("consent", "update", {analytics_storage: "denied"})');
  expect(await visit.page.evaluate("Object.keys(localStorage)")).toEqual([]);
});

test.each([
  ["gpc", "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"],
  ["dnt", "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})"],
])("%s counts as a refusal where the shop says so, and nowhere else", async (name, signal) => {
  const head = `<script>${signal}</script>${layer(VIEW)}`;
  stage.shop.pages.set("/respect", { html: page(`data-respect="${name}"`, head) });
  stage.shop.pages.set("/ignore", { html: page("", head) });
  await using visit = await stage.visit("/respect", { clock: true });
  await visit.page.waitForFunction(loaded);
  await later(visit.page);
  expect(stage.gateway.requests).toEqual([]);
  expect(await visit.page.evaluate("touched.filter((name) => /set|cookie/.test(name))")).toEqual([]);
  await visit.page.goto(`${stage.shop.origin}/ignore`);
  await stage.gateway.until(() => stage.gateway.events.size === 1);
});

test("a tenant that requires consent is obeyed from its first answer on", async () => {
  await stage.configure({ consent: "required" });
  stage.shop.pages.set("/", { html: page("") });
  await using visit = await stage.visit();
  await visit.page.waitForFunction("Object.keys(localStorage).some((key) => key.endsWith('session'))");
  await visit.page.evaluate("endcap.track('search', {query: 'q'}); endcap.flush()");
  expect(types()).toEqual([]);
  await visit.page.evaluate("endcap.consent(true); endcap.track('search', {query: 'q'}); endcap.flush()");
  await stage.gateway.until(() => stage.gateway.events.size === 1);
});

test("calls take the shop's own path once the tenant has named one", async () => {
  const { shop } = stage;
  await stage.configure({ firstPartyPath: "/own" });
  shop.pages.set("/", { html: page("", layer(VIEW)) });
  await using visit = await stage.visit();
  const asked: string[] = [];
  // The shop's proxy.
  await visit.page.route(`${shop.origin}/own/**`, (route) => {
    asked.push(new URL(route.request().url()).pathname);
    return route.fulfill({ status: 503, body: "{}" });
  });
  await visit.page.waitForFunction("Object.keys(localStorage).some((key) => key.endsWith('session'))");
  await visit.page.evaluate("endcap.track('search', {query: 'q'}); endcap.flush()");
  expect(asked).toContain("/own/v1/events");
});
