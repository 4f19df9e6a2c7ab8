import { expect, it } from "vitest";
import { event, fillShop, TestShop } from "../support/shop.ts";

const shopper = { userId: "anna" };
const question = { strategy: "for_you", request: { shopper, limit: 6 } };

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  await shop.train();
  await shop.start();
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "tea-1"));
  return shop;
}

it("a part of an open request gets the list that a request of its own gets, and it counts as served", async () => {
  const shop = await trainedShop();
  const previewed = await shop.rankPart({ ...question, preview: { at: new Date().toISOString() } });
  const [alone, part] = [await shop.rank(question), await shop.rankPart(question)];
  expect([previewed.status, part.status]).toEqual([200, 200]);
  expect(part.body.items).toEqual(alone.body.items);
  await shop.stop();
  expect(await shop.table.served.get(shopper, part.body.recommendationId)).toBeDefined();
  // That one was made for the shop.
  expect(await shop.table.served.get(shopper, previewed.body.recommendationId)).toBeUndefined();
});

it("and the same refusals", async () => {
  const shop = await trainedShop();
  const wrong = [
    { strategy: "for_you" },
    { strategy: "for_you", request: { limit: 0 } },
    { strategy: "related_items", request: {} },
    { strategy: "for_you", request: { filter: { field: "colour", eq: "red" } } },
  ];
  for (const each of wrong) {
    const [alone, part] = [await shop.rank(each), await shop.rankPart(each)];
    expect(part.status).toBeGreaterThanOrEqual(400);
    expect([part.status, part.body.code]).toEqual([alone.status, alone.body.code]);
  }
  const foreign = await shop.rankPart(question, { tenant: "tnt-aaaaaaaaaaaaaaaa" });
  expect([foreign.status, foreign.body.code]).toEqual([403, "tenant_forbidden"]);
});
