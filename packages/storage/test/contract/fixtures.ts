import { createHash } from "node:crypto";
import { type Event, type Item, type ServedRecord, type Shopper, uuidV7 } from "@endcap/protocol";
import { type AppendBatch, shopperKeyOf } from "@endcap/storage";

export const TENANT = "tnt-aaaaaaaaaaaaaaaa";
export const OTHER_TENANT = "tnt-bbbbbbbbbbbbbbbb";
/** A Thursday noon; tests move on from here. */
export const NOON = Date.parse("2026-11-19T12:00:00.000Z");

/** Ids that would break careless keys. */
export const HARD_IDS = [
  "a#b",
  "#",
  "S#u#x",
  "E#",
  "a",
  "a b",
  "a/../b",
  "ключ",
  "商品",
  "🦆",
  "é",
  "e\u0301",
  "~",
  "x".repeat(500),
];

let counter = 0;
/** A uuid v7 at `atMs`, another one at each call; later calls sort later within a millisecond. */
export function uuidAt(atMs: number): string {
  const count = ++counter;
  return uuidV7(atMs, (bytes) => {
    bytes.fill(0);
    new DataView(bytes.buffer).setUint32(12, count);
    return bytes;
  });
}

export const iso = (ms: number): string => new Date(ms).toISOString();
export const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();

export function event(shopper: Shopper, atMs: number, fields: Partial<Event> = {}): Event {
  return { id: uuidAt(atMs), type: "view_item", at: iso(atMs), shopper, items: [{ id: `item-${atMs}` }], ...fields };
}

/** A batch of events that all belong to the first one's shopper. */
export function batch(events: readonly Event[], fields: Partial<AppendBatch> = {}): AppendBatch {
  const shopper = shopperKeyOf(events[0]?.shopper ?? {});
  if (!shopper) throw new Error("a fixture's event has a shopper");
  const newest = Math.max(...events.map(({ at }) => Date.parse(at)));
  return {
    batchId: uuidAt(newest),
    digest: sha256(JSON.stringify(events)),
    receivedAt: newest,
    parts: [{ shopper, events }],
    ...fields,
  };
}

export function item(id: string, updatedAtMs: number, fields: Partial<Item> = {}): Item {
  return {
    id,
    title: `Item ${id}`,
    url: "/p",
    price: "9.90",
    currency: "EUR",
    availability: "in_stock",
    categories: [["Garden", "Tools"]],
    updatedAt: iso(updatedAtMs),
    ...fields,
  };
}

export function served(shopper: Shopper, atMs: number, fields: Partial<ServedRecord> = {}): ServedRecord {
  return {
    recommendationId: uuidAt(atMs),
    at: iso(atMs),
    shopper,
    items: ["a", "b#", "商品"],
    strategy: "for_you",
    modelVersion: "v1",
    answeredBy: "recommender",
    ...fields,
  };
}

export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}
