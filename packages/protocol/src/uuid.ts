/** UUIDs of RFC 9562: v7 (ordered by time) for batches and events, v8 (from a hash) for foreign event ids. */
import { hexEncode, utf8 } from "./encoding.ts";
import { sha256 } from "./sha256.ts";

/** Fills and returns 16-byte arrays with cryptographic randomness, e.g. `(bytes) => crypto.getRandomValues(bytes)`. */
export type RandomBytes = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function format(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] as number) & 15) | (version << 4);
  bytes[8] = ((bytes[8] as number) & 63) | 128;
  return hexEncode(bytes.subarray(0, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A new uuid v7 for `nowMs` (Unix milliseconds). */
export function uuidV7(nowMs: number, random: RandomBytes): string {
  const bytes = random(new Uint8Array(16));
  for (let i = 5, rest = nowMs; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return format(bytes, 7);
}

/** The uuid v8 that stands for a foreign event id: the first 128 bits of SHA-256(tenant, source, id), NUL between them. */
export function uuidV8(tenant: string, source: string, id: string): string {
  return format(sha256(utf8(`${tenant}\0${source}\0${id}`)), 8);
}

/** The version digit of a well-formed lower-case uuid, else `null`. */
export function uuidVersion(text: string): number | null {
  const version = FORM.exec(text)?.[1];
  return version === undefined ? null : Number.parseInt(version, 16);
}

/** Unix milliseconds inside a uuid v7; `null` when `text` is not one. */
export function uuidV7Time(text: string): number | null {
  return uuidVersion(text) === 7 ? Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16) : null;
}
