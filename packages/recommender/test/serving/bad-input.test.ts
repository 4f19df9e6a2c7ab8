import { uuidV7 } from "@endcap/protocol";
import { expect, it } from "vitest";
import { Expiry } from "../../src/catalogue/expiry.ts";
import { type Answered, event, fillShop, idsOf, item, random, TestShop, themes } from "../support/shop.ts";

const ids = ({ body }: Answered): string[] => body.items.map(({ id }) => id);

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}

it("a shopper without a history, and one with a single view, get full lists", async () => {
  const shop = await trainedShop();
  expect(ids(await shop.ask("for_you", { shopper: { userId: "nobody" }, limit: 10 }))).toHaveLength(10);
  expect(ids(await shop.ask("for_you", { limit: 10 }))).toHaveLength(10);
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "tea-1"));
  expect(ids(await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 10 }))).toHaveLength(10);
});

it("a shop of one item, without a model, answers every strategy", async () => {
  const shop = await TestShop.open();
  await shop.table.catalogue.upsert([item("only-1")]);
  await shop.start();
  expect(ids(await shop.ask("for_you", {}))).toEqual(["only-1"]);
  expect(ids(await shop.ask("trending", {}))).toEqual(["only-1"]);
  expect(ids(await shop.ask("related_items", { items: ["only-1"] }))).toEqual([]);
  expect(ids(await shop.ask("bought_together", { items: ["only-1"] }))).toEqual([]);
  expect(ids(await shop.ask("personalized_ranking", { items: ["only-1", "gone"] }))).toEqual(["only-1"]);
});

it("a shopper with 100,000 events is read to a bound: the newest speak", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  const key = { kind: "user", id: "robot" } as const;
  const perBatch = 500;
  const batches = Array.from({ length: 200 }, (_, batch) => {
    const start = now - 3_600_000 + batch * 10_000;
    const ids = idsOf(themes[batch % 3] as string);
    const events = Array.from({ length: perBatch }, (_, n) => event("view_item", start + n, ids[n % 8] as string));
    const digest = random(new Uint8Array(32));
    return { batchId: uuidV7(start, random), digest, receivedAt: start, parts: [{ shopper: key, events }] };
  });
  await shop.table.events.append(batches);
  await shop.record(key, event("view_item", now, "camp-4"));
  const robot = { userId: "robot" };
  expect(ids(await shop.ask("for_you", { shopper: robot, limit: 8 }))).toHaveLength(8);
  // Of the 200 newest events 199 are of the last batch; what 100 batches before looked at was not read.
  const viewed = ids(await shop.ask("recently_viewed", { shopper: robot, limit: 30 }));
  expect(viewed[0]).toBe("camp-4");
  expect(new Set(viewed.slice(1).map((id) => id.split("-")[0]))).toEqual(new Set([themes[199 % 3]]));
});

it("ids of 500 bytes in any script are ids like others", async () => {
  const shop = await TestShop.open({ exploreEvery: 0 });
  const odd = ["ü".repeat(250), "茶".repeat(166), "🍵".repeat(125), `${"x".repeat(499)}y`, "__proto__", "constructor"];
  await shop.table.catalogue.upsert(odd.map((id) => item(id, { url: "/p" })));
  const now = Date.now();
  for (let s = 0; s < 40; s++) {
    const views = [0, 1, 2].map((n) =>
      event("view_item", now - s * 3_600_000 + n, odd[(s + n) % odd.length] as string),
    );
    await shop.record({ kind: "user", id: `user-${s}` }, ...views);
  }
  await shop.train();
  await shop.start();
  expect(ids(await shop.ask("trending", { limit: 10 })).sort()).toEqual([...odd].sort());
  const related = ids(await shop.ask("related_items", { items: [odd[1] as string], limit: 10 }));
  expect(related.sort()).toEqual(odd.filter((id) => id !== odd[1]).sort());
});

it("prices that are no numbers never match a price filter and break no list", async () => {
  const shop = await trainedShop();
  const updatedAt = new Date().toISOString();
  await shop.table.catalogue.upsert(idsOf("tea").map((id) => item(id, { price: "NaN", updatedAt })));
  const cheap = { limit: 100, filter: { price: { $lt: 1_000 } } };
  const answer = await shop.until(
    () => shop.ask("for_you", cheap),
    (each) => !ids(each).some((id) => id.startsWith("tea")),
  );
  expect(ids(answer)).toHaveLength(24);
  expect(ids(await shop.ask("related_items", { items: ["tea-0"], limit: 31 }))).toHaveLength(31);
});

it("a filter is followed item by item as the catalogue changes", async () => {
  const shop = await trainedShop();
  const ask = () => shop.ask("trending", { limit: 100, filter: { brand: "Acme" } });
  expect(ids(await ask())).toEqual([]);
  const updatedAt = new Date().toISOString();
  await shop.table.catalogue.upsert([item("tea-1", { brand: "Acme", updatedAt }), item("new-1", { brand: "Acme" })]);
  const answer = await shop.until(ask, (each) => ids(each).length === 2);
  expect(ids(answer).sort()).toEqual(["new-1", "tea-1"]);
});

it("a clock that jumps expires items, and brings them back when it is set back", () => {
  const expiry = new Expiry();
  const at = (second: number) => new Date(second * 1_000).toISOString();
  expiry.set("a", at(100));
  expiry.set("b", at(200));
  expiry.set("never", undefined);
  expiry.set("odd", "tomorrow");
  expect(expiry.turned(50_000)).toEqual([]);
  expect(expiry.turned(1_000_000).sort()).toEqual(["a", "b"]);
  expect(expiry.turned(1_000_000)).toEqual([]);
  expect(expiry.turned(150_000)).toEqual(["b"]);
  expect(expiry.turned(50_000)).toEqual(["a"]);
  expect(expiry.turned(100_000)).toEqual(["a"]);
});
