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

it("trending answers without a shopper", async () => {
  const shop = await trainedShop();
  expect(ids(await shop.ask("trending", { limit: 5 }))).toHaveLength(5);
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
