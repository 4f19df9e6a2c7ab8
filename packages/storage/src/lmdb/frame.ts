/**
 * How rows lie in lmdb: a version byte, the expiry in seconds (0: never), the fields of the kind, then UTF-8 text.
 * A newer writer may append kinds or raise the version of one; a reader refuses versions it does not know.
 */
import { EndcapError } from "@endcap/protocol";

const EVENTS_VERSION = 1;
const TEXT_VERSION = 1;
const DIGEST_BYTES = 32;

const EXPIRES = 1;
const BODY = 5;

const NEWEST_AT = BODY;
const RECEIVED_AT = NEWEST_AT + 6;
const COUNT = RECEIVED_AT + 6;
const DIGEST = COUNT + 2;
const EVENTS_TEXT = DIGEST + DIGEST_BYTES;

const STAMP = BODY;
const TEXT = STAMP + 6;

function start(length: number, version: number, expiresAt: number | undefined): Buffer {
  // Slow: not from Node's shared pool, whose 8 KB slabs a queued row would pin.
  const row = Buffer.allocUnsafeSlow(length);
  row[0] = version;
  row.writeUInt32BE(expiresAt === undefined ? 0 : Math.ceil(expiresAt / 1000), EXPIRES);
  return row;
}

function check(row: Buffer, version: number): void {
  if (row[0] !== version)
    throw new EndcapError("data_dir_newer", { internal: `a row of format ${row[0]}, this process knows ${version}` });
}

/** Unix milliseconds, rounded up to a second; `undefined`: never. */
export function expiresAtOf(row: Buffer): number | undefined {
  const seconds = row.readUInt32BE(EXPIRES);
  return seconds === 0 ? undefined : seconds * 1000;
}

export function isExpired(row: Buffer, now: number): boolean {
  const seconds = row.readUInt32BE(EXPIRES);
  return seconds !== 0 && seconds * 1000 <= now;
}

export interface EventsFrame {
  readonly newestAt: number;
  readonly receivedAt: number;
  readonly count: number;
  readonly digest: Uint8Array;
  readonly expiresAt: number | undefined;
  readonly text: string;
}

export function frameEvents(fields: EventsFrame): Buffer {
  if (fields.digest.length !== DIGEST_BYTES)
    throw new EndcapError("invalid_request", { internal: `a digest has ${DIGEST_BYTES} bytes` });
  const row = start(EVENTS_TEXT + Buffer.byteLength(fields.text), EVENTS_VERSION, fields.expiresAt);
  row.writeUIntBE(fields.newestAt, NEWEST_AT, 6);
  row.writeUIntBE(fields.receivedAt, RECEIVED_AT, 6);
  row.writeUInt16BE(fields.count, COUNT);
  row.set(fields.digest, DIGEST);
  row.write(fields.text, EVENTS_TEXT);
  return row;
}

/** Read without touching the text. */
export const eventsNewestAt = (row: Buffer): number => row.readUIntBE(NEWEST_AT, 6);
export const eventsReceivedAt = (row: Buffer): number => row.readUIntBE(RECEIVED_AT, 6);
export const eventsDigest = (row: Buffer): Buffer => row.subarray(DIGEST, EVENTS_TEXT);

export function eventsText(row: Buffer): string {
  check(row, EVENTS_VERSION);
  return row.toString("utf8", EVENTS_TEXT);
}

export function unframeEvents(row: Buffer): EventsFrame {
  return {
    newestAt: eventsNewestAt(row),
    receivedAt: eventsReceivedAt(row),
    count: row.readUInt16BE(COUNT),
    digest: eventsDigest(row),
    expiresAt: expiresAtOf(row),
    text: eventsText(row),
  };
}

/** Rows of the other kinds: a time in milliseconds and a text, which may be empty. */
export function frameText(stamp: number, text: string, expiresAt?: number): Buffer {
  const row = start(TEXT + Buffer.byteLength(text), TEXT_VERSION, expiresAt);
  row.writeUIntBE(Math.max(0, stamp), STAMP, 6);
  row.write(text, TEXT);
  return row;
}

export const stampOf = (row: Buffer): number => row.readUIntBE(STAMP, 6);

export function textOf(row: Buffer): string {
  check(row, TEXT_VERSION);
  return row.toString("utf8", TEXT);
}
