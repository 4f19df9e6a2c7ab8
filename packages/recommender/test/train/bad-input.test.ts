import { join } from "node:path";
import { expect, it } from "vitest";
import { train } from "../../src/train/run.ts";
import { event, fillShop, item, random, TestShop } from "../support/shop.ts";

const year = 365 * 86_400_000;

function trainAt({ tenant, config, directory }: TestShop, now: number) {
  const { tables, models } = config;
  const exports = join(directory, "exports");
  return train({ tenant, tables, models, exports, seed: 1, now: () => now, random, onStep: () => undefined });
}

const champion = async ({ models }: TestShop) => (await models.pointer("champion"))?.value;

it("nothing yet, or too little: says what is missing, and what was the model stays it", async () => {
  const shop = await TestShop.open();
  await expect(shop.train()).rejects.toMatchObject({
    code: "training_data_missing",
    message: expect.stringContaining("there are 0 in 0 visits"),
  });
  expect(await champion(shop)).toBeUndefined();
  const few = Array.from({ length: 5 }, (_, n) => event("view_item", Date.now() - 60_000 + n * 1_000, `i${n}`));
  await shop.record({ kind: "user", id: "one" }, ...few);
  await expect(shop.train()).rejects.toMatchObject({
    message: expect.stringContaining("at least 30 views, carts or purchases; there are 5 in 1 visits"),
  });
});

it("events from a clock that ran years ahead are left out, then and in every later training", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const before = await shop.train();
  const ahead = Array.from({ length: 40 }, (_, n) =>
    event("view_item", Date.now() + 3 * year + n * 1_000, `desk-${n % 8}`),
  );
  await shop.record({ kind: "user", id: "far" }, ...ahead);
  const after = await shop.train();
  expect(after).toMatchObject({ sessions: before.sessions, items: before.items });
});

it("a clock set back by years leaves nothing to train on: it says so, and the model stays", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const { version } = await shop.train();
  await expect(trainAt(shop, Date.now() - 10 * year)).rejects.toMatchObject({
    code: "training_data_missing",
    message: expect.stringMatching(/there are 0 in 0 visits; \d+ events were left out because they lie ahead/),
  });
  expect(await champion(shop)).toBe(version);
});

it("prices that are no numbers do not keep a catalogue from being trained on and answered from", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const odd = ["NaN", "-0", "1e999", ""].map((price, n) => item(`odd-${n}`, { price }));
  await shop.table.catalogue.upsert(odd);
  const { items, promoted } = await shop.train();
  expect(items).toBe(32 + odd.length);
  expect(promoted).toBe(true);
  await shop.start();
  const { status, body } = await shop.ask("for_you", { limit: 8, shopper: { userId: "nobody" } });
  expect(status).toBe(200);
  expect(body.items).toHaveLength(8);
});
