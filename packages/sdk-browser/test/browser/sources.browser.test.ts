/** What the tag learns with no other code on the page. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { later, STUB, type Stage, startStage } from "../support/browser.ts";
import type { SeenEvent } from "../support/gateway.ts";
import { oddities } from "./oddities.ts";

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

const told = ({ type, items, currency }: SeenEvent) =>
  [type, items?.[0]?.id, items?.[0]?.price, currency].filter((part) => part !== undefined && part !== null).join(" ");
const all = () => [...stage.gateway.events.values()].map(told);
const page = (head: string, body = "") =>
  `<!doctype html><meta charset=utf-8><title>Shop</title>${head}${stage.tag}${body}`;
const item = (id: string) =>
  `{event: "view_item", ecommerce: {currency: "EUR", items: [{item_id: "${id}", price: "9.90"}]}}`;
const product = (sku: string) =>
  `<script type="application/ld+json">{"@type": "Product", "sku": "${sku}", "offers": {"price": "5", "priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"}}</script>`;

test("what stands on the data layer before the tag, and what comes after, arrives once", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/", { html: page(`<script>dataLayer = [${item("before")}]</script>`) });
  await using visit = await stage.visit();
  await gateway.until(() => all().length === 1);
  await visit.page.evaluate(
    `dataLayer.push({ecommerce: null}, {event: "add_to_cart", ecommerce: {items: [{item_id: "after", quantity: "2"}]}})`,
  );
  await gateway.until(() => all().length === 2);
  expect(all()).toEqual(["view_item before 9.9 EUR", "add_to_cart after"]);
  expect(visit.problems).toEqual([]);
});

test("two clicks are two facts, two sources are one", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/", { html: page(`${STUB}<script>dataLayer = []</script>`) });
  await using visit = await stage.visit();
  await visit.page.waitForFunction("typeof endcap.track === 'function'");
  const add = 'dataLayer.push({event: "add_to_cart", ecommerce: {items: [{item_id: "a"}]}});';
  await visit.page.evaluate(`${add} endcap.track("add_to_cart", {items: ["a"]}); ${add}`);
  await visit.page.evaluate("endcap.track('view_item', {items: ['last']}); endcap.flush()");
  await gateway.until(() => all().length === 3);
  expect(all()).toEqual(["add_to_cart a", "add_to_cart a", "view_item last"]);
});

test("the page's own call wins over what stands on its data layer", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/", { html: page(`${STUB}<script>dataLayer = [${item("a")}]</script>`) });
  await using visit = await stage.visit("/", { clock: true });
  await visit.page.waitForFunction("typeof endcap.track === 'function'");
  await visit.page.evaluate("endcap.track('view_item', {items: [{id: 'a', price: 7}], currency: 'USD'})");
  await later(visit.page);
  await gateway.until(() => all().length > 0);
  await visit.page.evaluate("endcap.flush()");
  expect(all()).toEqual(["view_item a 7 USD"]);
});

test("a purchase counts once, however often its page is loaded and whoever tells it", async () => {
  const { gateway, shop } = stage;
  const buy =
    '{event: "purchase", ecommerce: {transaction_id: "T-1", value: "20.00", currency: "EUR", items: [{item_id: "a"}]}}';
  const call = 'endcap.q.push(["track", "purchase", {transactionId: "T-1", items: ["a"]}])';
  shop.pages.set("/thanks", { html: page(`${STUB}<script>dataLayer = [${buy}]; ${call}</script>`) });
  await using visit = await stage.visit("/thanks");
  await gateway.until(() => all().length > 0);
  await visit.page.reload();
  await visit.page.waitForFunction("typeof endcap.track === 'function'");
  await visit.page.evaluate("endcap.track('page_view'); endcap.flush()");
  await gateway.until(() => all().length === 2);
  expect(all().filter((line) => line.startsWith("purchase"))).toHaveLength(1);
});

test("JSON-LD names the item in view where nothing else does, also on a page that is left at once", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/quick", { html: page(product("quick")) });
  shop.pages.set("/slow", {
    html: page(product("slow"), '<endcap-recommendations placement="product"></endcap-recommendations>'),
  });
  await using visit = await stage.visit("/quick");
  await visit.page.waitForFunction("window.endcap && typeof endcap.track === 'function'");
  await visit.page.goto(`${shop.origin}/slow`);
  await gateway.until(() => all().length === 2);
  expect(all()).toEqual(["view_item quick 5 EUR", "view_item slow 5 EUR"]);
  const asked = gateway.requests.find(({ path }) => path === "/v1/recommendations");
  expect(asked?.payload).toMatchObject({ placement: "product", items: ["slow"] });
});

test("a single-page shop has a page view for each address", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/", { html: page(product("one")) });
  await using visit = await stage.visit();
  await gateway.until(() => all().length === 1);
  const go = (path: string, sku: string) =>
    visit.page.evaluate(
      `history.pushState({}, "", "${path}"); setTimeout(() => { document.querySelector('script[type*=json]').textContent = '{"@type": "Product", "sku": "${sku}"}' })`,
    );
  await go("/two", "two");
  await gateway.until(() => all().length === 2);
  await go("/one", "one");
  await gateway.until(() => all().length === 3);
  expect(all().map((line) => line.split(" ")[1])).toEqual(["one", "two", "one"]);
});

test("prices and stock are observed only where the tenant wants it", async () => {
  const { gateway, shop } = stage;
  shop.pages.set("/", { html: page(product("watched")) });
  await using visit = await stage.visit();
  await gateway.until(() => all().length === 1);
  await stage.configure({ observeCatalogue: true });
  await visit.page.evaluate("localStorage.clear()");
  await visit.page.reload();
  await gateway.until(() => all().length === 2);
  await visit.page.reload();
  await gateway.until(() => all().some((line) => line.startsWith("custom:item_observed")));
  const observed = [...gateway.events.values()].find(({ type }) => type === "custom:item_observed");
  expect(observed).toMatchObject({
    items: [{ id: "watched", price: 5 }],
    currency: "EUR",
    context: { availability: "OutOfStock" },
  });
});

test("nothing that shops write breaks the page, and a developer reads one line", async () => {
  const { gateway, shop } = stage;
  const paths = oddities.map(({ name, head }, i) => {
    const path = `/odd/${/"(j\d\d)"/.exec(head)?.[1] ?? i}`;
    shop.pages.set(path, { html: page(`<title>${name}</title>${head}`) });
    return path;
  });
  shop.pages.set("/last", { html: page("") });
  await using visit = await stage.visit("/last");
  const lines: string[][] = [];
  for (const path of paths) {
    visit.problems.length = 0;
    await visit.page.goto(shop.origin + path, { waitUntil: "load" });
    await visit.page.waitForFunction("window.endcap && typeof endcap.track === 'function'");
    // The page's own push still works, and nothing was polluted.
    expect(await visit.page.evaluate("({}).polluted")).toBeUndefined();
    await visit.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))");
    lines.push([...visit.problems]);
  }
  await visit.page.goto(`${shop.origin}/last`);
  const expected = oddities.flatMap(({ tells }) => tells);
  await gateway.until(() => all().length >= expected.length);
  expect(all().sort()).toEqual([...expected].sort());
  expect(oddities.map(({ name }, i) => `${name}: ${lines[i]?.length}`)).toEqual(
    oddities.map(({ name, lines: count = 0 }) => `${name}: ${count}`),
  );
  expect(lines.flat().every((line) => line.startsWith("endcap:"))).toBe(true);
});
