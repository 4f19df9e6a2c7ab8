/**
 * A row as every adapter can give it, undecoded, and its form as a DynamoDB item: what an export's lines hold. The sort
 * key tells the kind.
 */
import { EndcapError, type Item } from "@endcap/protocol";
import type { StoredBatch } from "../ports/event-store.ts";
import type { ShopperKey } from "../ports/shopper.ts";
import type { TableRow } from "../ports/table-row.ts";
import { decodeEvents } from "./events-text.ts";
import { decodeImportPart } from "./import-text.ts";
import { EVENTS, IMPORT, IMPORT_COMPLETED, ITEM, LINK, parseImportPart, SERVED, shopperOfPk } from "./keys.ts";
import { decodeServed } from "./served-text.ts";

/** What a row holds beside its key. */
export interface RowValue {
  /** The row's one time, Unix milliseconds; of a batch, its newest event's. */
  readonly at: number;
  readonly text: string;
  /** Unix milliseconds. */
  readonly expiresAt: number | undefined;
  /** Of batches of events only. */
  readonly batch: BatchValue | undefined;
}

export interface BatchValue {
  readonly receivedAt: number;
  /** Events in it. */
  readonly count: number;
  /** 32 characters, one a byte: text compares faster than arrays and needs no copy. */
  readonly digest: string;
}

export interface RawRow extends RowValue {
  readonly pk: string;
  readonly sk: string;
}

export const isExpired = ({ expiresAt }: RowValue, now: number): boolean => expiresAt !== undefined && expiresAt <= now;

/** A row of any kind but a batch. */
export const textRow = (at: number, text: string, expiresAt?: number): RowValue => ({
  at,
  text,
  expiresAt,
  batch: undefined,
});

type Attribute = { S: string } | { N: string } | { B: string };

/** One line of an export, without its line feed. */
export function exportLine({ pk, sk, at, text, expiresAt, batch }: RawRow): string {
  const item: Record<string, Attribute> = { pk: { S: pk }, sk: { S: sk }, at: { N: String(at) } };
  if (text !== "") item.t = { S: text };
  if (batch) {
    item.r = { N: String(batch.receivedAt) };
    item.n = { N: String(batch.count) };
    item.d = { B: Buffer.from(batch.digest, "latin1").toString("base64") };
  }
  if (expiresAt !== undefined) item.ttl = { N: String(expiresAt / 1000) };
  return JSON.stringify({ Item: item });
}

/** The row in a line of an export; a plain JSON.parse, since the SDK's unmarshalling takes three times as long. */
export function parseExportLine(line: string): RawRow {
  const { Item: item } = JSON.parse(line) as { Item?: Record<string, { S?: string; N?: string; B?: string }> };
  const pk = item?.pk?.S;
  const sk = item?.sk?.S;
  if (!item || pk === undefined || sk === undefined)
    throw new EndcapError("export_damaged", { internal: "a line of the export is no row" });
  return {
    pk,
    sk,
    at: Number(item.at?.N ?? 0),
    text: item.t?.S ?? "",
    expiresAt: item.ttl?.N === undefined ? undefined : Number(item.ttl.N) * 1000,
    batch:
      item.d?.B === undefined
        ? undefined
        : {
            receivedAt: Number(item.r?.N ?? 0),
            count: Number(item.n?.N ?? 0),
            digest: Buffer.from(item.d.B, "base64").toString("latin1"),
          },
  };
}

export type RowKind = TableRow["kind"];

/** `undefined`: a row that repeats another (a link's reverse) or that only its adapter understands (the change feed). */
export function kindOf({ pk, sk, text }: Pick<RawRow, "pk" | "sk" | "text">): RowKind | undefined {
  if (sk.startsWith(EVENTS)) return "events";
  if (sk.startsWith(SERVED)) return "served";
  if (sk === LINK) return "link";
  if (pk.startsWith(ITEM)) return text === "" ? "deletedItem" : "item";
  if (pk.startsWith(IMPORT)) return sk === IMPORT_COMPLETED ? "importCompleted" : "import";
  return undefined;
}

/** A row of `E#`, decoded. */
export function storedBatch({ pk, sk, text, expiresAt, batch }: RawRow): StoredBatch {
  const shopper = shopperOfPk(pk) as ShopperKey;
  return {
    shopper,
    batchId: sk.slice(EVENTS.length),
    digest: Buffer.from(batch?.digest ?? "", "latin1"),
    receivedAt: batch?.receivedAt ?? 0,
    expiresAt,
    events: decodeEvents(shopper, text),
  };
}

export function decodeRow(row: RawRow): TableRow | undefined {
  const { pk, sk, at, text, expiresAt, batch } = row;
  const kind = kindOf(row);
  switch (kind) {
    case "events":
      if (!batch) throw new EndcapError("export_damaged", { internal: "a batch without a digest" });
      return { kind, ...storedBatch(row) };
    case "served":
      return { kind, record: decodeServed(shopperOfPk(pk), sk.slice(SERVED.length), text), expiresAt };
    case "link":
      return { kind, anonymousId: (shopperOfPk(pk) as ShopperKey).id, userId: text, at };
    case "item":
      return { kind, item: JSON.parse(text) as Item };
    case "deletedItem":
      return { kind, id: pk.slice(ITEM.length), at };
    case "import":
      return { kind, importId: pk.slice(IMPORT.length), part: decodeImportPart(parseImportPart(sk), at, text) };
    case "importCompleted":
      return { kind, importId: pk.slice(IMPORT.length), at };
    case undefined:
      return undefined;
  }
}
