import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTenantId } from "@endcap/protocol";
import { openTables } from "@endcap/storage";
import { expect, it, onTestFinished } from "vitest";
import { modelRanker } from "../../src/evaluation/model-ranker.ts";
import type { Ranker } from "../../src/evaluation/ranker.ts";
import { ServedLists } from "../../src/evaluation/served-ranker.ts";
import { toLog } from "../../src/evaluation/session-file.ts";
import { trainModel } from "../../src/model/index.ts";
import { item, random } from "../support/shop.ts";

/** Forty items; sessions walk on from item to item, and item-0 sells in the newest ones alone. */
const log = toLog(
  Array.from({ length: 400 }, (_, s) => ({
    ids: [...Array.from({ length: 4 }, (_, n) => `item-${1 + ((s * 7 + n) % 39)}`), ...(s > 360 ? ["item-0"] : [])],
    times: undefined,
  })),
);
const { model } = trainModel(log, { seed: 1, trainedAt: 0 });

async function catalogue() {
  const directory = mkdtempSync(join(tmpdir(), "endcap-served-"));
  const tables = openTables(`lmdb:${directory}`);
  onTestFinished(async () => {
    await tables.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return (await tables.open({ tenant: newTenantId(random), env: "live" })).catalogue;
}

function list(ranker: Ranker, prefix: readonly string[], novel: boolean): string[] {
  const items = Int32Array.from(prefix, (id) => log.itemIds.indexOf(id));
  const out = new Int32Array(20);
  const row = { prefix, targets: ["item-1"], at: undefined };
  const count = ranker.rank({ items, count: items.length, at: undefined, row }, novel, out);
  return Array.from(out.subarray(0, count), (index) => log.itemIds[index] ?? "");
}

it("where a shopper has one visit and nothing is new, what is served is the model's own ranking", async () => {
  const served = await ServedLists.open(model, await catalogue(), Date.now());
  const forYou = served.ranker({ name: "served", strategy: "for_you", exploreEvery: 8 });
  for (const novel of [false, true]) {
    for (const prefix of [["item-3"], ["item-3", "item-9", "item-4"]]) {
      expect(list(forYou, prefix, novel)).toEqual(list(modelRanker(model), prefix, novel));
    }
  }
});

it("with diversity no list holds two variants of one product before others ran out", async () => {
  const store = await catalogue();
  await store.upsert(
    log.itemIds.map((id) => {
      const number = Number(id.split("-")[1]);
      return item(id, number % 10 < 5 ? { groupId: `group-${number % 5}` } : {});
    }),
  );
  const served = await ServedLists.open(model, store, Date.now());
  const groups = (ids: string[]) => ids.map((id) => Number(id.split("-")[1]) % 10).filter((digit) => digit < 5);
  const plain = served.ranker({ name: "plain", strategy: "for_you", exploreEvery: 0 });
  const diverse = served.ranker({ name: "diverse", strategy: "for_you", exploreEvery: 0, diversity: 0.3 });
  const distinct = (ids: string[]) => new Set(groups(ids)).size;
  expect(groups(list(plain, ["item-3"], false)).length).toBeGreaterThan(distinct(list(plain, ["item-3"], false)));
  const shown = list(diverse, ["item-3"], false);
  expect(shown).toHaveLength(20);
  expect(groups(shown).length).toBe(distinct(shown));
});
