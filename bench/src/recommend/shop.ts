/** A tenant in a directory, as control would leave it: keys, catalogue, histories in lmdb, a champion. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Event, type Item, newTenantId, type RandomBytes, uuidV7 } from "@endcap/protocol";
import { EventLogBuilder, encodeModel, type Model, trainModel } from "@endcap/recommender/model";
import { createInternalIssuer } from "@endcap/service-kit";
import { type AppendBatch, openModels, openTables, promoteModel, type TenantTable } from "@endcap/storage";
import type { Cleanup } from "../bench.ts";
import { makeItems } from "./catalogue.ts";

const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Of the catalogue, items that nobody has looked at yet. */
const newShare = 0.02;
const batchesPerAppend = 500;
/** One session in so many ends in a purchase of its last two items. */
const purchaseEvery = 10;

export interface BenchShop {
  readonly tenant: string;
  readonly directory: string;
  readonly tables: string;
  readonly models: string;
  readonly jwksFile: string;
  readonly table: TenantTable;
  readonly model: Model;
  readonly items: readonly Item[];
  /** Shoppers with a history, and items, the busiest first. */
  readonly shoppers: readonly string[];
  readonly popular: readonly string[];
  token(): Promise<string>;
}

export interface ShopOptions {
  readonly sessions: readonly (readonly string[])[];
  readonly shoppers: number;
  readonly cleanup: (work: Cleanup) => void;
}

export async function makeShop({ sessions, shoppers, cleanup }: ShopOptions): Promise<BenchShop> {
  const directory = await mkdtemp(join(tmpdir(), "endcap-bench-"));
  cleanup(() => rm(directory, { recursive: true, force: true }));
  const tenant = newTenantId(random);
  const keys = await writeKeys(directory);
  const tables = `lmdb:${join(directory, "tenants")}`;
  const models = `file:${join(directory, "tenants")}`;
  const opened = openTables(tables);
  cleanup(() => opened.close());
  const table = await opened.open({ tenant, env: "live" });
  const now = Date.now();

  const model = train(sessions, now);
  const store = openModels(models).open(tenant);
  await store.putIfAbsent("m-1.ecm", asyncOf(encodeModel(model)));
  await promoteModel(store, { version: "m-1" }, { at: now, id: uuidV7(now, random) });

  const known = Array.from(model.parts.popularOrder, (index) => model.idOf(index));
  const fresh = Array.from({ length: Math.ceil(known.length * newShare) }, (_, n) => `new-${n}`);
  const items = makeItems([...known, ...fresh], now - dayMs);
  for (let from = 0; from < items.length; from += 1_000) await table.catalogue.upsert(items.slice(from, from + 1_000));

  const names = Array.from({ length: shoppers }, (_, s) => `shopper-${s}`);
  await writeHistories(table, names, sessions, now);
  return {
    tenant,
    directory,
    tables,
    models,
    jwksFile: keys.jwksFile,
    table,
    model,
    items,
    shoppers: names,
    popular: known,
    token: keys.token,
  };
}

async function writeKeys(directory: string): Promise<{ jwksFile: string; token: () => Promise<string> }> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = join(directory, "shared.key");
  const jwksFile = join(directory, "jwks.json");
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] }));
  const issuer = await createInternalIssuer({ keyFile, group: "shared", audience: ["recommender"], tenants: "*" });
  return { jwksFile, token: () => issuer.token() };
}

function train(sessions: readonly (readonly string[])[], now: number): Model {
  const builder = new EventLogBuilder();
  for (const [s, ids] of sessions.entries()) {
    const start = now - dayMs - (sessions.length - s) * minuteMs;
    const shopper = `trainer-${s}`;
    for (const [n, id] of ids.entries())
      builder.add({ shopper, type: "view_item", at: start + n * 1_000, itemIds: [id] });
    if (s % purchaseEvery === 0)
      builder.add({ shopper, type: "purchase", at: start + ids.length * 1_000, itemIds: ids.slice(-2) });
  }
  return trainModel(builder.build(), { seed: 1, trainedAt: now }).model;
}

/** A session of five minutes ago for each shopper; every third has two more, of the last weeks. */
async function writeHistories(
  table: TenantTable,
  shoppers: readonly string[],
  sessions: readonly (readonly string[])[],
  now: number,
): Promise<void> {
  let pending: AppendBatch[] = [];
  const flush = async (): Promise<void> => {
    await table.events.append(pending);
    pending = [];
  };
  for (const [s, shopper] of shoppers.entries()) {
    const starts = [...(s % 3 === 0 ? [now - 20 * dayMs, now - 3 * dayMs] : []), now - 5 * minuteMs];
    for (const [v, start] of starts.entries()) {
      const ids = sessions[(s * 7 + v * 13) % sessions.length] as readonly string[];
      pending.push(batchOf(shopper, ids, start, now));
      if (pending.length === batchesPerAppend) await flush();
    }
  }
  await flush();
}

/** Views as a browser sends them, in one batch. */
export function batchOf(shopper: string, ids: readonly string[], start: number, now: number): AppendBatch {
  const events = ids.map((id, n): Event => {
    const at = start + n * 1_000;
    return {
      id: uuidV7(at, random),
      type: "view_item",
      at: new Date(at).toISOString(),
      items: [{ id, quantity: 1, price: 10 }],
      page: { url: `https://shop.example/p/${encodeURIComponent(id)}`, title: `Item ${id}` },
    };
  });
  return {
    batchId: uuidV7(start + ids.length * 1_000, random),
    digest: random(new Uint8Array(32)),
    receivedAt: now,
    parts: [{ shopper: { kind: "user", id: shopper }, events }],
  };
}

async function* asyncOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
