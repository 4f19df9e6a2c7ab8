import { uuidV7 } from "@endcap/protocol";
import { expect, it } from "vitest";
import { type Answered, event, fillShop, random, TestShop } from "../support/shop.ts";

const ids = ({ body }: Answered): string[] => body.items.map(({ id }) => id);
const theme = (id: string): string => id.split("-")[0] as string;
const hour = 3_600_000;
const anna = { kind: "user", id: "anna" } as const;

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}

async function visit(shop: TestShop, at: number, ...viewed: string[]): Promise<void> {
  await shop.record(anna, ...viewed.map((id, n) => event("view_item", at + n * 1_000, id)));
}

it("the last visit leads, the one before still speaks, and the same history gives the same list", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  await visit(shop, now - 26 * hour, "camp-1", "camp-2", "camp-3");
  await visit(shop, now - 60_000, "desk-4");
  const ask = () => shop.ask("for_you", { shopper: { userId: "anna" }, limit: 16, include: ["reason", "score"] });
  const answer = await ask();
  const themes = ids(answer).map(theme);
  expect(themes.slice(0, 3)).toEqual(["desk", "desk", "desk"]);
  expect(themes.filter((each) => each === "camp").length).toBeGreaterThanOrEqual(4);
  expect(themes.slice(0, 5).filter((each) => each === "camp").length).toBeLessThanOrEqual(2);
  expect((await ask()).body.items).toEqual(answer.body.items);
});

it("an older visit says less the longer ago it was, and the more the last one says", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  const firstCamp = async () => {
    const list = ids(await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 20 }));
    return list.findIndex((id) => theme(id) === "camp");
  };
  await visit(shop, now - 2 * hour, "camp-1", "camp-2");
  await visit(shop, now - 60_000, "desk-4");
  const short = await firstCamp();
  await visit(shop, now - 50_000, "desk-5", "desk-6", "desk-7", "desk-1", "desk-2", "desk-3");
  const long = await firstCamp();
  expect(short).toBeGreaterThanOrEqual(1);
  expect(long).toBeGreaterThan(short);
});

it("somebody who buys things again sees them first after a purchase, nobody else does", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  const bella = { kind: "user", id: "bella" } as const;
  for (const who of [anna, bella]) await shop.record(who, event("purchase", now - 50 * hour, "camp-5", "bath-6"));
  await shop.record(anna, event("purchase", now - 26 * hour, "desk-2", "bath-6"));
  await shop.record(bella, event("purchase", now - 26 * hour, "desk-2", "tea-6"));
  const ask = (userId: string) => shop.ask("for_you", { shopper: { userId }, limit: 8, include: ["reason"] });
  const [first] = (await ask("anna")).body.items;
  expect(first).toMatchObject({ id: "bath-6", reason: { kind: "purchased", text: "You bought this before" } });
  expect(ids(await ask("bella"))[0]).not.toBe("bath-6");
  await visit(shop, now - 60_000, "tea-1", "tea-2", "tea-3", "tea-4");
  expect(ids(await ask("anna"))[0]).not.toBe("bath-6");
});

it("who comes back gets what shoppers come back for, until the new visit says otherwise", async () => {
  const shop = await TestShop.open({ exploreEvery: 0 });
  await fillShop(shop);
  const now = Date.now();
  // Everybody buys the same tea again and again, and desks by chance; enough of them that the newest twelfth is learned from.
  for (let v = 0; v < 5; v++) {
    const parts = Array.from({ length: 450 }, (_, s) => ({
      shopper: { kind: "user", id: `regular-${s}` } as const,
      events: [
        event("purchase", now - (120 - 20 * v) * hour + s * 1_000, `tea-${s % 4}`, `desk-${1 + ((s * s + v * 3) % 7)}`),
      ],
    }));
    const digest = random(new Uint8Array(32));
    await shop.table.events.append([{ batchId: uuidV7(now - v, random), digest, receivedAt: now, parts }]);
  }
  await shop.train();
  await shop.start();
  await shop.record(anna, event("purchase", now - 70 * hour, "tea-2", "desk-1"));
  await shop.record(anna, event("purchase", now - 50 * hour, "tea-2", "desk-5"));
  const ask = () => shop.ask("for_you", { shopper: { userId: "anna" }, limit: 8, include: ["reason"] });
  const [first] = (await ask()).body.items;
  expect(first).toMatchObject({ id: "tea-2", reason: { kind: "purchased" } });
  await visit(shop, now - 60_000, "camp-1", "camp-2", "camp-3");
  expect(theme(ids(await ask())[0] as string)).toBe("camp");
});

it("a placement without repeats holds none of any visit", async () => {
  const shop = await trainedShop();
  await visit(shop, Date.now() - 26 * hour, "camp-1", "camp-2");
  await visit(shop, Date.now() - 60_000, "desk-4");
  const placement = { id: "discover", strategy: "for_you", repeats: "exclude" };
  const answer = await shop.rank({
    strategy: "for_you",
    placement,
    request: { shopper: { userId: "anna" }, limit: 40 },
  });
  for (const id of ["camp-1", "camp-2", "desk-4"]) expect(ids(answer)).not.toContain(id);
  expect(ids(answer)).toHaveLength(29);
});

it("a shopper with thousands of events is answered", async () => {
  const shop = await trainedShop();
  const now = Date.now();
  for (let b = 0; b < 10; b++)
    await visit(shop, now - (10 - b) * hour, ...Array.from({ length: 300 }, (_, n) => `tea-${(n * b) % 8}`));
  expect(ids(await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 10 }))).toHaveLength(10);
});
