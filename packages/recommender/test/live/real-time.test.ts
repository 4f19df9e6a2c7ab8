import { expect, it } from "vitest";
import { type Answered, event, fillShop, item, TestShop } from "../support/shop.ts";

const ids = ({ body }: Answered): string[] => body.items.map(({ id }) => id);

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}

/** As many shoppers, one after another, each with what `act` does. */
async function shoppers(shop: TestShop, count: number, act: (at: number) => ReturnType<typeof event>[]): Promise<void> {
  for (let s = 0; s < count; s++) await shop.record({ kind: "user", id: `late-${s}` }, ...act(Date.now() - 1_000 + s));
}

const topIs = (id: string) => (answer: Answered) => ids(answer)[0] === id;

it("a product that starts to trend shows within seconds, between trainings", async () => {
  const shop = await trainedShop();
  const ask = () => shop.ask("trending", { limit: 5, include: ["reason"] });
  await shoppers(shop, 5, (at) => [event("view_item", at, "camp-6")]);
  const startedAt = performance.now();
  const answer = await shop.until(ask, topIs("camp-6"));
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(answer.body.items[0]?.reason?.kind).toBe("trending");

  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "bath-2"));
  const home = await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 12 });
  expect(ids(home).indexOf("camp-6")).toBe(5);
});

it("a product bought together with another shows within seconds", async () => {
  const shop = await trainedShop();
  const ask = () => shop.ask("bought_together", { items: ["desk-6"], limit: 4, include: ["reason"] });
  expect(ids(await ask())).not.toContain("bath-7");
  await shoppers(shop, 1, (at) => [event("purchase", at, "desk-6", "bath-7")]);
  const answer = await shop.until(ask, topIs("bath-7"));
  expect(answer.body.items[0]?.reason?.text).toBe("Often bought with Title of desk-6");
});

it("related_items learns what several shoppers look at together, also of an item that is new", async () => {
  const shop = await trainedShop();
  await shop.table.catalogue.upsert([item("tea-new")]);
  await shoppers(shop, 6, (at) => [event("view_item", at, "tea-3"), event("view_item", at + 1, "tea-new")]);
  await shop.until(
    () => shop.ask("related_items", { items: ["tea-3"], limit: 6 }),
    (answer) => ids(answer).includes("tea-new"),
  );
  expect(ids(await shop.ask("related_items", { items: ["tea-new"], limit: 6 }))[0]).toBe("tea-3");
});

it("one shopper's clicks change nobody else's list, however many", async () => {
  const shop = await trainedShop();
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "bath-2"));
  const lists = async () => [
    (await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 20, include: ["reason", "score"] })).body.items,
    (await shop.ask("trending", { limit: 20 })).body.items,
    (await shop.ask("related_items", { items: ["camp-1"], limit: 20 })).body.items,
  ];
  const before = await lists();
  const now = Date.now();
  const clicks = Array.from({ length: 60 }, (_, n) => event("view_item", now - 60_000 + n, `camp-${n % 8}`));
  await shop.record({ kind: "user", id: "robot" }, ...clicks);
  // The delta has them once a purchase that was recorded after them shows.
  await shoppers(shop, 1, (at) => [event("purchase", at, "desk-6", "bath-7")]);
  await shop.until(() => shop.ask("bought_together", { items: ["desk-6"], limit: 1 }), topIs("bath-7"));
  expect(await lists()).toEqual(before);
});

it("after a restart it is there again, from the event store; a new training takes over what it knew", async () => {
  const shop = await trainedShop();
  await shoppers(shop, 5, (at) => [event("view_item", at, "camp-6")]);
  const ask = () => shop.ask("trending", { limit: 5 });
  await shop.until(ask, topIs("camp-6"));
  await shop.stop();
  await shop.start();
  await shop.until(ask, topIs("camp-6"));

  const { version } = await shop.train(2);
  await shop.until(ask, (answer) => answer.body.model?.version === version);
  expect(ids(await ask())).toHaveLength(5);
});

it("what is sold out is not shown, however much it trends", async () => {
  const shop = await trainedShop();
  await shoppers(shop, 5, (at) => [event("view_item", at, "camp-6"), event("purchase", at + 1, "camp-6", "tea-0")]);
  await shop.until(() => shop.ask("trending", { limit: 5 }), topIs("camp-6"));
  await shop.table.catalogue.upsert([
    item("camp-6", { availability: "out_of_stock", updatedAt: new Date().toISOString() }),
  ]);
  const gone = (answer: Answered) => !ids(answer).includes("camp-6");
  await shop.until(() => shop.ask("trending", { limit: 32 }), gone);
  expect(ids(await shop.ask("bought_together", { items: ["tea-0"], limit: 32 }))).not.toContain("camp-6");
});

it("a shop without a model shows what sells", async () => {
  const shop = await TestShop.open();
  await shop.table.catalogue.upsert(["a", "b", "c", "d"].map((id) => item(id)));
  await shop.start();
  await shoppers(shop, 3, (at) => [event("view_item", at, "c")]);
  const answer = await shop.until(() => shop.ask("trending", { limit: 3 }), topIs("c"));
  expect(answer.body.model).toBeNull();
});
