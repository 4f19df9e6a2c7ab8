/**
 * The single-table keys: a partition key (`pk`) and a sort key (`sk`), both text, the same in every adapter.
 * An id is always the tail of its key, and pk and sk are stored apart, so an id may hold `#` without meaning anything.
 */
import { EndcapError, LIMITS, utf8Length, uuidVersion } from "@endcap/protocol";
import type { ShopperKey } from "../ports/shopper.ts";

export type RowKey = [pk: string, sk: string];

// Control characters would break the order of keys; the wire's schemas refuse them, so here they are our own fault.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const SORTABLE_DIGITS = 15;
const UUID_LENGTH = 36;

/** `id` as it goes into a key: well-formed, so that its UTF-8 bytes name it. */
function checkedId(id: string): string {
  if (id.length === 0 || CONTROL.test(id)) throw badKey("an id is empty or holds control characters");
  if (id.length * 3 > LIMITS.idBytesMax && utf8Length(id) > LIMITS.idBytesMax)
    throw badKey(`an id is longer than ${LIMITS.idBytesMax} bytes`);
  return id.isWellFormed() ? id : id.toWellFormed();
}

function checkedUuid(id: string): string {
  if (uuidVersion(id) === null) throw badKey("an id is not a lower-case uuid");
  return id;
}

function badKey(internal: string): EndcapError {
  return new EndcapError("invalid_request", { internal });
}

/** Numbers as text of one length, so that text order is their order. Up to 10^15. */
function sortable(value: number): string {
  return String(value).padStart(SORTABLE_DIGITS, "0");
}

export function shopperPk({ kind, id }: ShopperKey): string {
  return `S#${kind === "user" ? "u" : "a"}#${checkedId(id)}`;
}

/** The shopper of a `S#` partition; `undefined` for the partition of a list served to nobody. */
export function shopperOfPk(pk: string): ShopperKey | undefined {
  const kind = pk.charAt(2);
  if (kind !== "u" && kind !== "a") return undefined;
  return { kind: kind === "u" ? "user" : "anonymous", id: pk.slice(4) };
}

/** Batches of a shopper: `E#<batchId>`. uuid v7 orders them by time. */
export const EVENTS = "E#";
export const eventsKey = (pk: string, batchId: string): RowKey => [pk, EVENTS + checkedUuid(batchId)];

/** The user of an anonymous id: `S#a#<anonymousId>` / `L`. */
export const LINK = "L";
export const linkKey = (anonymousId: string): RowKey => [shopperPk({ kind: "anonymous", id: anonymousId }), LINK];

/** Its reverse, newest last: `S#u#<userId>` / `L#<at>#<anonymousId>`. */
export const LINKED = "L#";
export const linkedKey = (userId: string, at: number, anonymousId: string): RowKey => [
  shopperPk({ kind: "user", id: userId }),
  `${LINKED + sortable(at)}#${checkedId(anonymousId)}`,
];
export function parseLinked(sk: string): { at: number; anonymousId: string } {
  const end = LINKED.length + SORTABLE_DIGITS;
  return { at: Number(sk.slice(LINKED.length, end)), anonymousId: sk.slice(end + 1) };
}

/** A served list: under its shopper, or, served to nobody, in a partition of its own. */
export const SERVED = "R#";
export const servedKey = (shopper: ShopperKey | undefined, recommendationId: string): RowKey => [
  shopper ? shopperPk(shopper) : `S#-#${checkedUuid(recommendationId)}`,
  SERVED + checkedUuid(recommendationId),
];

export const ITEM = "I#";
export const itemKey = (id: string): RowKey => [ITEM + checkedId(id), "I"];

/** A change of the catalogue: adapters order these as their database allows. */
export const FEED = "F#";
export const feedKey = (sequence: number): RowKey => [FEED, sortable(sequence)];

/** That a row of events arrived: `N#<minute>` / `<at>#<its sk>#<its pk>`. */
export const ARRIVAL = "N#";
const MINUTE_MS = 60_000;
/** Without a row, the key before all arrivals of that time. */
export const arrivalKey = (at: number, row?: RowKey): RowKey => [
  ARRIVAL + sortable(Math.floor(Math.max(0, at) / MINUTE_MS)),
  `${sortable(Math.max(0, Math.floor(at)))}#${row ? `${row[1]}#${row[0]}` : ""}`,
];
export function parseArrival([, sk]: RowKey): { at: number; row: RowKey } {
  const from = SORTABLE_DIGITS + 1;
  // The pk is the tail, since only it can hold any character; an events row's sk is EVENTS and a uuid.
  const to = from + EVENTS.length + UUID_LENGTH;
  return { at: Number(sk.slice(0, SORTABLE_DIGITS)), row: [sk.slice(to + 1), sk.slice(from, to)] };
}

export const IMPORT = "M#";
const IMPORT_PART = "P#";
export const IMPORT_COMPLETED = "C";
export const importPartKey = (importId: string, part: number): RowKey => [
  IMPORT + checkedId(importId),
  IMPORT_PART + sortable(part),
];
export const importCompletedKey = (importId: string): RowKey => [IMPORT + checkedId(importId), IMPORT_COMPLETED];
export const parseImportPart = (sk: string): number => Number(sk.slice(IMPORT_PART.length));

/** The least text after every text that starts with `prefix` (whose last character is ASCII). */
export function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
