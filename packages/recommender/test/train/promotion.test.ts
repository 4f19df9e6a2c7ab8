import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Event, uuidV7 } from "@endcap/protocol";
import { listModels, modelFacts } from "@endcap/storage";
import { expect, it } from "vitest";
import { type TrainingResult, train } from "../../src/train/run.ts";
import { event, random, TestShop } from "../support/shop.ts";

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.now() - 10 * day;
const themes = 60;
const perTheme = 10;
const idOf = (theme: number, n: number) => `t${theme % themes}-${n % perTheme}`;

/** Items of visit `v`. */
type Walk = (v: number) => string[];

/** Four items of one theme. */
const withinTheme: Walk = (v) => [0, 1, 2, 3].map((n) => idOf(v, v * 7 + n * 3));

/** Forty items from anywhere. */
const anywhere: Walk = (v) =>
  Array.from({ length: 40 }, (_, n) => {
    const scattered = createHash("sha256").update(`${v}/${n}`).digest().readUInt32LE();
    return idOf(scattered, scattered >>> 8);
  });

async function visit(
  shop: TestShop,
  name: string,
  count: number,
  from: number,
  to: number,
  { walk = withinTheme, expiresAt }: { walk?: Walk; expiresAt?: number } = {},
): Promise<void> {
  const batches = Array.from({ length: count }, (_, v) => {
    const at = from + ((to - from) * v) / count;
    const events: Event[] = walk(v).map((id, n) => event("view_item", at + n * 20_000, id));
    return {
      batchId: uuidV7(at, random),
      digest: createHash("sha256").update(`${name}${v}`).digest(),
      receivedAt: at,
      ...(expiresAt !== undefined && { expiresAt }),
      parts: [{ shopper: { kind: "user" as const, id: `${name}-${v}` }, events }],
    };
  });
  await shop.table.events.append(batches);
}

function trainAt(shop: TestShop, now: number): Promise<TrainingResult> {
  const { tenant, config, directory } = shop;
  return train({
    tenant,
    tables: config.tables,
    models: config.models,
    exports: join(directory, "exports"),
    seed: 1,
    now: () => now,
    random,
    onStep: () => undefined,
  });
}

const champion = async (shop: TestShop) => (await shop.models.pointer("champion"))?.value;

it("a model that does no worse on the day since takes over, and the numbers are kept", async () => {
  const shop = await TestShop.open();
  await visit(shop, "first", 1_500, start, start + 2 * day);
  const first = await trainAt(shop, start + 2 * day);
  expect(first).toMatchObject({ promoted: true, reason: "there was no champion" });
  await visit(shop, "second", 300, start + 2 * day + hour, start + 2 * day + 20 * hour);
  const second = await trainAt(shop, start + 3 * day);
  expect(second).toMatchObject({ promoted: true, reason: expect.stringMatching(/^not worse than the champion/) });
  expect(await champion(shop)).toBe(second.version);
  expect(await modelFacts(shop.models, second.version)).toMatchObject({
    previous: first.version,
    comparison: { sessions: 300, predictions: 900 },
  });
});

it("a model that is worse on the day since stays a candidate, with the reason, and the champion answers on", async () => {
  const shop = await TestShop.open();
  // A retention set far too short: the history that made the champion is gone by the next training, and what is left
  // are visits that never were, from an import gone wrong.
  await visit(shop, "good", 600, start, start + 2 * day, { expiresAt: start + 2.5 * day });
  const good = await trainAt(shop, start + 2 * day);
  await visit(shop, "flood", 300, start + day, start + 2 * day - hour, { walk: anywhere });
  await visit(shop, "true", 300, start + 2 * day + hour, start + 2 * day + 20 * hour);
  const bad = await trainAt(shop, start + 3 * day);
  expect(bad).toMatchObject({
    promoted: false,
    reason: expect.stringMatching(/^worse than the champion: hit rate at 20/),
  });
  expect(await champion(shop)).toBe(good.version);
  const facts = await modelFacts(shop.models, bad.version);
  expect(facts).toMatchObject({ verdict: { promote: false, reason: bad.reason } });
  expect((facts.comparison as { difference: { high: number } }).difference.high).toBeLessThan(0);
  expect((await listModels(shop.models)).map(({ version, state }) => [version, state])).toEqual([
    [bad.version, "candidate"],
    [good.version, "champion"],
  ]);
});

it("too little traffic to tell counts as not worse, and so does a champion that cannot be read", async () => {
  const shop = await TestShop.open();
  await visit(shop, "good", 300, start, start + 2 * day);
  await trainAt(shop, start + 2 * day);
  await visit(shop, "few", 10, start + 2 * day + hour, start + 2 * day + 2 * hour);
  const second = await trainAt(shop, start + 3 * day);
  expect(second).toMatchObject({
    promoted: true,
    reason: expect.stringMatching(/^too little traffic to tell: 30 next/),
  });
  await shop.models.put(`${second.version}.ecm`, new Uint8Array(100));
  expect(await trainAt(shop, start + 4 * day)).toMatchObject({
    promoted: true,
    reason: "the champion's file is damaged",
  });
});

it("rejected candidates never push out the champion or the model to go back to", async () => {
  const shop = await TestShop.open();
  await visit(shop, "good", 300, start, start + 2 * day);
  const versions: string[] = [];
  for (let n = 0; n < 8; n++) versions.push((await trainAt(shop, start + 2 * day + n)).version);
  const kept = (await listModels(shop.models)).map(({ version }) => version);
  expect(kept).toEqual(versions.slice(-5).reverse());
  const pointer = await shop.models.pointer("champion");
  await shop.models.movePointer("champion", pointer?.version, versions[3] as string);
  await trainAt(shop, start + 2 * day + 20);
  const later = (await listModels(shop.models)).map(({ version }) => version);
  expect(later).toContain(versions[3]);
});
