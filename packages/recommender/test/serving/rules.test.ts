import { expect, it } from "vitest";
import { event, fillShop, idsOf, item, TestShop, themes } from "../support/shop.ts";

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open();
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}
const ids = (answer: { body: { items: { id: string }[] } }): string[] => answer.body.items.map(({ id }) => id);

it("a filter keeps the list full, from the whole catalogue if need be", async () => {
  const shop = await trainedShop();
  const answer = await shop.ask("related_items", { items: ["tea-0"], limit: 8, filter: { categories: "bath" } });
  expect(ids(answer).sort()).toEqual(idsOf("bath").sort());
});

it("a filter on an unknown field is a 400 that names it", async () => {
  const shop = await trainedShop();
  const { status, body } = await shop.ask("for_you", { filter: { colour: "red" } });
  expect([status, body.code]).toEqual([400, "filter_unknown_field"]);
});

it("excluded, sold-out, hidden and expired items are never served", async () => {
  const shop = await trainedShop();
  const now = new Date().toISOString();
  await shop.table.catalogue.upsert([
    item("tea-1", { availability: "out_of_stock", updatedAt: now }),
    item("tea-2", { hidden: true, updatedAt: now }),
    item("tea-3", { expiresAt: new Date(Date.now() - 1_000).toISOString(), updatedAt: now }),
  ]);
  await shop.table.catalogue.delete(["tea-4"], Date.now());
  const all = { shopper: { userId: "anna" }, limit: 100, exclude: ["tea-5"] };
  const gone = ["tea-1", "tea-2", "tea-3", "tea-4", "tea-5"];
  const answer = await shop.until(
    () => shop.ask("for_you", all),
    (each) => !ids(each).includes("tea-4"),
  );
  for (const id of gone) expect(ids(answer)).not.toContain(id);
  expect(ids(answer)).toHaveLength(themes.length * 8 - gone.length);
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "tea-1", "tea-6"));
  expect(ids(await shop.ask("recently_viewed", all))).toEqual(["tea-6"]);
});

it("an item expires on time, with nobody writing", async () => {
  const shop = await trainedShop();
  const updatedAt = new Date().toISOString();
  await shop.table.catalogue.upsert([
    item("tea-1", { updatedAt, expiresAt: new Date(Date.now() + 300).toISOString() }),
  ]);
  const answer = await shop.until(
    () => shop.ask("trending", { limit: 100 }),
    (each) => !ids(each).includes("tea-1"),
  );
  expect(answer.status).toBe(200);
});

it("every item sold out, or a filter that matches nothing: an empty list, not an error", async () => {
  const shop = await trainedShop();
  const nothing = await shop.ask("for_you", { filter: { brand: "nobody" } });
  expect([nothing.status, ids(nothing)]).toEqual([200, []]);
  // The recommender's own answer, and a true one: `fallback` is for lists that somebody else had to make.
  expect(nothing.body).not.toHaveProperty("fallback");
  expect(nothing.body.model?.version).toMatch(/^m-/);
  const updatedAt = new Date().toISOString();
  await shop.table.catalogue.upsert(
    themes.flatMap((theme) => idsOf(theme).map((id) => item(id, { availability: "out_of_stock", updatedAt }))),
  );
  const answer = await shop.until(
    () => shop.ask("for_you", {}),
    (each) => ids(each).length === 0,
  );
  expect(answer.status).toBe(200);
  for (const [strategy, items] of [
    ["trending", ["tea-1"]],
    ["related_items", ["tea-1"]],
    ["bought_together", ["tea-1"]],
    ["personalized_ranking", ["tea-1", "bath-2"]],
    ["recently_viewed", []],
  ] as const) {
    const { status, body } = await shop.ask(strategy, { items });
    expect([strategy, status, body.items, body.fallback]).toEqual([strategy, 200, [], undefined]);
  }
});

it("offset goes on where the list before it ended", async () => {
  const shop = await trainedShop();
  const whole = ids(await shop.ask("trending", { limit: 20 }));
  const pages = [
    ...ids(await shop.ask("trending", { limit: 10 })),
    ...ids(await shop.ask("trending", { limit: 10, offset: 10 })),
  ];
  expect(pages).toEqual(whole);
});

it("says what a request lacks", async () => {
  const shop = await trainedShop();
  const cases: [string, Record<string, unknown>, Record<string, unknown>, number, string][] = [
    ["related_items", {}, {}, 400, "items_required"],
    ["nonsense", {}, {}, 400, "strategy_unknown"],
    ["custom:mine", {}, {}, 400, "strategy_unknown"],
    ["for_you", { limit: 101 }, {}, 400, "invalid_request"],
    ["for_you", { surprise: 1 }, {}, 400, "invalid_request"],
    ["for_you", {}, { scope: [] }, 403, "scope_missing"],
    ["for_you", {}, { auth: "ec1" }, 403, "scope_missing"],
    ["for_you", {}, { tenant: "tnt-aaaaaaaaaaaaaaaa" }, 403, "tenant_forbidden"],
  ];
  for (const [strategy, body, principal, status, code] of cases) {
    const answer = await shop.ask(strategy, body, principal);
    expect([strategy, answer.status, answer.body.code]).toEqual([strategy, status, code]);
  }
});
