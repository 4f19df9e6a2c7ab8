import { expect, it } from "vitest";
import { type Answered, event, fillShop, item, TestShop } from "../support/shop.ts";

const ids = ({ body }: Answered): string[] => body.items.map(({ id }) => id);
const theme = (id: string): string => id.split("-")[0] as string;
const newTea = (n: number) => item(`tea-new-${n}`, { title: `Title of tea new ${n}` });

/** A trained shop, then `count` new items of the theme tea, of which the model knows nothing. */
async function shopWithNewItems(count: number, exploreEvery = 8): Promise<TestShop> {
  const shop = await TestShop.open({ exploreEvery });
  await fillShop(shop);
  await shop.train();
  await shop.table.catalogue.upsert(Array.from({ length: count }, (_, n) => newTea(n)));
  await shop.start();
  return shop;
}

async function looksAtTea(shop: TestShop, userId: string): Promise<void> {
  await shop.record({ kind: "user", id: userId }, event("view_item", Date.now(), "tea-2"));
}

it("new items reach shoppers who like their kind: at most one in eight positions, never the first two", async () => {
  const shop = await shopWithNewItems(3);
  let seen = 0;
  for (let s = 0; s < 12; s++) {
    await looksAtTea(shop, `fan-${s}`);
    const answer = await shop.ask("for_you", { shopper: { userId: `fan-${s}` }, limit: 16, include: ["reason"] });
    const positions = ids(answer).flatMap((id, at) => (id.startsWith("tea-new") ? [at] : []));
    expect(positions).toHaveLength(2);
    expect(positions[0]).toBeGreaterThanOrEqual(2);
    expect(Math.floor((positions[0] ?? 0) / 8)).toBe(0);
    expect(Math.floor((positions[1] ?? 0) / 8)).toBe(1);
    expect(answer.body.items[positions[0] ?? 0]?.reason).toMatchObject({
      kind: "similar",
      because: { itemId: "tea-2" },
    });
    seen = Math.max(seen, ...positions);
  }
  expect(seen).toBeGreaterThan(8);
});

it("the same shopper sees the same list again, and different shoppers different new items", async () => {
  const shop = await shopWithNewItems(3);
  const chosen = new Set<string>();
  for (let s = 0; s < 10; s++) {
    const ask = { shopper: { userId: `fan-${s}` }, limit: 8 };
    await looksAtTea(shop, `fan-${s}`);
    const once = ids(await shop.ask("for_you", ask));
    // An hour may end between two requests; then the second pair is within one.
    const twice = ids(await shop.ask("for_you", ask));
    const thrice = ids(await shop.ask("for_you", ask));
    expect([once, thrice]).toContainEqual(twice);
    chosen.add(once.find((id) => id.startsWith("tea-new")) ?? "none");
  }
  expect(chosen.size).toBeGreaterThan(1);
  expect(chosen).not.toContain("none");
});

it("pages of a list that explores are the list", async () => {
  const shop = await shopWithNewItems(3);
  await looksAtTea(shop, "anna");
  const page = async (offset: number, limit: number) =>
    ids(await shop.ask("for_you", { shopper: { userId: "anna" }, offset, limit }));
  const whole = await page(0, 24);
  expect(new Set(whole).size).toBe(24);
  expect([...(await page(0, 7)), ...(await page(7, 9)), ...(await page(16, 8))]).toEqual(whole);
});

it("related_items and trending explore too, and 0 turns it off", async () => {
  const shop = await shopWithNewItems(2);
  const isNew = (id: string) => id.startsWith("tea-new");
  expect(ids(await shop.ask("related_items", { items: ["tea-1"], limit: 8 })).filter(isNew)).toHaveLength(1);
  const trending = await shop.ask("trending", { limit: 8, include: ["reason"] });
  expect(trending.body.items.find(({ id }) => isNew(id))?.reason?.kind).toBe("new");

  const off = await shopWithNewItems(2, 0);
  expect(ids(await off.ask("related_items", { items: ["tea-1"], limit: 7 })).filter(isNew)).toHaveLength(0);
  expect(ids(await off.ask("trending", { limit: 8 })).filter(isNew)).toHaveLength(0);
});

it("related_items of an item that nobody has looked at are similar ones at once", async () => {
  const shop = await shopWithNewItems(1);
  const answer = await shop.ask("related_items", { items: ["tea-new-0"], limit: 6, include: ["reason"] });
  expect(ids(answer).map(theme)).toEqual(Array(6).fill("tea"));
  expect(ids(answer)).not.toContain("tea-new-0");
  expect(answer.body.items[0]?.reason).toMatchObject({ kind: "similar", text: "Similar to Title of tea new 0" });
});

it("lists that would come back short are filled with what the model does not know", async () => {
  const shop = await shopWithNewItems(5, 0);
  const all = ids(await shop.ask("trending", { limit: 50 }));
  expect(all).toHaveLength(37);
  expect(all.slice(32).every((id) => id.startsWith("tea-new"))).toBe(true);
  const filter = { id: { $in: ["tea-new-0", "tea-new-3", "bath-1"] } };
  const some = ids(await shop.ask("for_you", { limit: 5, filter }));
  expect(some.sort()).toEqual(["bath-1", "tea-new-0", "tea-new-3"]);
});

it("a new shopper gets what fits the page before what is popular", async () => {
  // Without exploration, whose place in a list changes with the hour.
  const shop = await shopWithNewItems(1, 0);
  const answer = await shop.ask("for_you", {
    shopper: { userId: "nobody" },
    items: ["desk-3"],
    limit: 5,
    include: ["reason"],
  });
  expect(ids(answer).slice(0, 4).map(theme)).toEqual(Array(4).fill("desk"));
  expect(ids(answer)).not.toContain("desk-3");
  expect(answer.body.items[0]?.reason).toMatchObject({ kind: "in_view", because: { itemId: "desk-3" } });
  const unknown = await shop.ask("for_you", { shopper: { userId: "nobody" }, items: ["tea-new-0"], limit: 5 });
  expect(ids(unknown).slice(0, 2).map(theme)).toEqual(["tea", "tea"]);
});
