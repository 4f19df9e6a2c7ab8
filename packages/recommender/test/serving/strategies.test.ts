import { expect, it } from "vitest";
import { event, fillShop, idsOf, item, TestShop } from "../support/shop.ts";

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open();
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}

const anna = { userId: "anna" };
const ids = (answer: { body: { items: { id: string }[] } }): string[] => answer.body.items.map(({ id }) => id);
const theme = (id: string): string => id.split("-")[0] as string;

it("for_you follows the shopper's last views, and each answer names its model", async () => {
  const shop = await trainedShop();
  const cold = await shop.ask("for_you", { shopper: anna, limit: 6 });
  expect(cold.status).toBe(200);
  expect(cold.body.model?.version).toMatch(/^m-/);
  expect(ids(cold)).toHaveLength(6);

  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "camp-2"));
  const warm = await shop.ask("for_you", { shopper: anna, limit: 6, include: ["reason"] });
  expect(ids(warm).filter((id) => theme(id) === "camp").length).toBeGreaterThanOrEqual(5);
  const because = warm.body.items.find(({ id }) => id !== "camp-2")?.reason;
  expect(because).toMatchObject({
    kind: "viewed",
    text: "Because you viewed Title of camp-2",
    because: { itemId: "camp-2" },
  });
});

it("what the page knows before the collector counts as much", async () => {
  const shop = await trainedShop();
  const recent = [event("view_item", Date.now(), "desk-3")];
  const answer = await shop.ask("for_you", { shopper: anna, limit: 4, context: { recent } });
  expect(ids(answer).every((id) => theme(id) === "desk")).toBe(true);
});

it("related_items never holds the item in view, and stays with its theme", async () => {
  const shop = await trainedShop();
  const answer = await shop.ask("related_items", { items: ["tea-3"], limit: 5, include: ["reason", "score"] });
  expect(ids(answer)).not.toContain("tea-3");
  expect(ids(answer).every((id) => theme(id) === "tea")).toBe(true);
  expect(answer.body.items[0]?.reason?.kind).toBe("in_view");
});

it("bought_together puts first what is bought with the cart", async () => {
  const shop = await trainedShop();
  const answer = await shop.ask("bought_together", { items: ["tea-0"], limit: 3, include: ["reason"] });
  expect(ids(answer)[0]).toBe("tea-1");
  expect(answer.body.items[0]?.reason?.text).toBe("Often bought with Title of tea-0");
});

it("personalized_ranking returns the given ids and no others", async () => {
  const shop = await trainedShop();
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "tea-1"));
  const given = ["desk-1", "tea-2", "camp-1", "unknown", "tea-4"];
  const answer = await shop.ask("personalized_ranking", { shopper: anna, items: given });
  expect([...ids(answer)].sort()).toEqual(given.filter((id) => id !== "unknown").sort());
  expect(ids(answer).slice(0, 2).map(theme)).toEqual(["tea", "tea"]);
});

it("recently_viewed is the history, newest first, each item once", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  await shop.record(
    { kind: "user", id: "anna" },
    event("view_item", now - 3_000, "tea-1"),
    event("view_item", now - 2_000, "camp-1"),
    event("view_item", now - 1_000, "tea-1"),
  );
  expect(ids(await shop.ask("recently_viewed", { shopper: anna }))).toEqual(["tea-1", "camp-1"]);
});

it("trending answers without a shopper, by what is looked at lately rather than by what ever was", async () => {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  const now = Date.now();
  const day = 86_400_000;
  const looks = async (id: string, count: number, agoMs: number) => {
    for (let n = 0; n < count; n++)
      await shop.record({ kind: "user", id: `${id}-${n}` }, event("view_item", now - agoMs - n * 60_000, id, "bath-7"));
  };
  await looks("camp-6", 60, 40 * day);
  await looks("desk-6", 40, 60_000);
  await shop.train();
  await shop.start();
  const trending = ids(await shop.ask("trending", { limit: 32 }));
  expect(trending).toHaveLength(32);
  expect(trending.indexOf("desk-6")).toBeLessThan(2);
  expect(trending.indexOf("camp-6")).toBeGreaterThan(trending.indexOf("desk-6"));
  const popular = ids(await shop.ask("for_you", { limit: 32 }));
  expect(popular.indexOf("desk-6")).toBeLessThan(popular.indexOf("camp-6"));
});

it("trending is per category: of the filter, or first of the items in view", async () => {
  const shop = await trainedShop();
  const tea = await shop.ask("trending", { limit: 20, filter: { categories: "tea" } });
  expect(ids(tea).sort()).toEqual(idsOf("tea"));
  const beside = ids(await shop.ask("trending", { limit: 12, items: ["tea-3"] }));
  expect(beside.slice(0, 7).sort()).toEqual(idsOf("tea").filter((id) => id !== "tea-3"));
  expect(beside).toHaveLength(12);
  expect(new Set(beside).size).toBe(12);
  expect(beside).not.toContain("tea-3");
  const pages = [0, 4, 8].map((offset) => shop.ask("trending", { limit: 4, offset, items: ["tea-3"] }));
  expect((await Promise.all(pages)).flatMap(ids)).toEqual(beside);
  const both = await shop.ask("trending", { limit: 8, items: ["tea-3"], filter: { categories: "bath" } });
  expect(ids(both).sort()).toEqual(idsOf("bath"));
  expect(ids(await shop.ask("trending", { limit: 5, items: ["nothing"] }))).toHaveLength(5);
});

it("linked histories are one", async () => {
  const shop = await trainedShop();
  const anonymousId = "a_AAAAAAAAAAAAAAAAAAAAAA";
  await shop.record({ kind: "anonymous", id: anonymousId }, event("view_item", Date.now() - 1_000, "desk-5"));
  expect(ids(await shop.ask("recently_viewed", { shopper: anna }))).toEqual([]);
  await shop.table.events.link({ anonymousId, userId: "anna", at: Date.now() });
  expect(ids(await shop.ask("recently_viewed", { shopper: anna }))).toEqual(["desk-5"]);
});

it("a browser's shopper is the proven one, whatever the request claims", async () => {
  const shop = await trainedShop();
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "camp-2"));
  const request = { strategy: "recently_viewed", request: { shopper: anna } };
  const answer = await shop.rank(request, { auth: "ec1", anonymousId: "a_BBBBBBBBBBBBBBBBBBBBBB", scope: [] });
  expect(ids(answer)).toEqual([]);
  expect(ids(await shop.rank(request))).toEqual(["camp-2"]);
});

it("variants of one product collapse when a placement asks for variety, and the list stays full", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  await shop.table.catalogue.upsert(
    idsOf("tea").map((id, n) => item(id, { groupId: n < 5 ? "pot" : id, updatedAt: new Date().toISOString() })),
  );
  await shop.train();
  await shop.start();
  const placement = { id: "product", strategy: "related_items", repeats: "exclude", diversity: 0.2 };
  const answer = await shop.rank({ strategy: "related_items", placement, request: { items: ["tea-6"], limit: 6 } });
  const pots = ids(answer).filter((id) => ["tea-0", "tea-1", "tea-2", "tea-3", "tea-4"].includes(id));
  expect(pots).toHaveLength(1);
  expect(ids(answer)).toHaveLength(6);
});

it("a placement can exclude what the shopper looked at", async () => {
  const shop = await trainedShop();
  await shop.record(
    { kind: "user", id: "anna" },
    event("view_item", Date.now(), "tea-0"),
    event("view_item", Date.now(), "tea-1"),
  );
  const placement = { id: "discover", strategy: "for_you", repeats: "exclude" };
  const answer = await shop.rank({ strategy: "for_you", placement, request: { shopper: anna, limit: 20 } });
  expect(ids(answer)).not.toContain("tea-0");
  expect(ids(answer)).not.toContain("tea-1");
});

it("a placement can allow it, and then a shopper's own items come back", async () => {
  const shop = await trainedShop();
  await shop.record(
    { kind: "user", id: "anna" },
    event("view_item", Date.now() - 1_000, "tea-0"),
    event("view_item", Date.now(), "tea-1"),
  );
  const ask = (strategy: string, repeats: string, items: string[] = []) =>
    shop.rank({ strategy, placement: { id: "p", strategy, repeats }, request: { shopper: anna, limit: 32, items } });
  for (const strategy of ["for_you", "trending"]) {
    expect(ids(await ask(strategy, "allow"))).toEqual(expect.arrayContaining(["tea-0", "tea-1"]));
    const without = ids(await ask(strategy, "exclude"));
    expect(without.filter((id) => id === "tea-0" || id === "tea-1")).toEqual([]);
    expect(without).toHaveLength(30);
  }
  expect(ids(await ask("related_items", "allow", ["tea-0"]))).toContain("tea-1");
  expect(ids(await ask("related_items", "exclude", ["tea-0"]))).not.toContain("tea-1");
  // What is asked for by name, or is a history, is no repeat.
  expect(ids(await ask("personalized_ranking", "exclude", ["tea-0", "bath-1"]))).toHaveLength(2);
  expect(ids(await ask("recently_viewed", "exclude"))).toEqual(["tea-1", "tea-0"]);
});

it("a shop with one shopper learns from that one, and answers them and a stranger", async () => {
  const shop = await TestShop.open({ exploreEvery: 0 });
  const tea = idsOf("tea");
  await shop.table.catalogue.upsert([...tea, ...idsOf("bath")].map((id) => item(id)));
  const start = Date.now() - 20 * 86_400_000;
  for (let visit = 0; visit < 20; visit++) {
    const at = start + visit * 86_400_000;
    const views = [0, 1, 2].map((n) => event("view_item", at + n * 10_000, tea[(visit + n) % 8] as string));
    await shop.record({ kind: "user", id: "anna" }, ...views);
  }
  const { promoted } = await shop.train();
  expect(promoted).toBe(true);
  await shop.start();
  for (const shopper of [anna, { userId: "stranger" }]) {
    const list = ids(await shop.ask("for_you", { shopper, limit: 10 }));
    expect(new Set(list).size).toBe(10);
  }
  expect(ids(await shop.ask("related_items", { items: ["tea-3"], limit: 3 })).map(theme)).toEqual([
    "tea",
    "tea",
    "tea",
  ]);
  expect(ids(await shop.ask("recently_viewed", { shopper: anna, limit: 20 }))).toHaveLength(8);
});
