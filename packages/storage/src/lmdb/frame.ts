/**
 * How a row's value lies in lmdb: a byte that names the form, the expiry in seconds (0: never), the row's time, for a
 * batch its own fields, then UTF-8 text. A reader refuses forms that it does not know.
 *
 * lmdb-js calls this as its encoder: decoding reads the bytes in the buffer that the next read overwrites, so nothing is
 * copied but the text.
 */
import { EndcapError } from "@endcap/protocol";
import type { RowValue } from "../rows/raw-row.ts";

const TEXT_FORM = 1;
const BATCH_FORM = 2;

const EXPIRES = 1;
const AT = EXPIRES + 4;
const TEXT = AT + 6;

const RECEIVED_AT = TEXT;
const COUNT = RECEIVED_AT + 6;
const DIGEST = COUNT + 2;
const DIGEST_BYTES = 32;
const BATCH_TEXT = DIGEST + DIGEST_BYTES;

export function encodeFrame({ at, text, expiresAt, batch }: RowValue): Buffer {
  const textAt = batch ? BATCH_TEXT : TEXT;
  // Slow: not from Node's shared pool, whose 8 KB slabs a queued row would pin.
  const row = Buffer.allocUnsafeSlow(textAt + Buffer.byteLength(text));
  row[0] = batch ? BATCH_FORM : TEXT_FORM;
  row.writeUInt32BE(expiresAt === undefined ? 0 : Math.ceil(expiresAt / 1000), EXPIRES);
  row.writeUIntBE(Math.max(0, at), AT, 6);
  if (batch) {
    row.writeUIntBE(batch.receivedAt, RECEIVED_AT, 6);
    row.writeUInt16BE(batch.count, COUNT);
    row.write(batch.digest, DIGEST, DIGEST_BYTES, "latin1");
  }
  row.write(text, textAt);
  return row;
}

export function decodeFrame(bytes: Uint8Array): RowValue {
  const { length } = bytes;
  // Large values come as plain arrays over the map.
  const row = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, length);
  const form = row[0];
  if (form !== TEXT_FORM && form !== BATCH_FORM)
    throw new EndcapError("data_dir_newer", { internal: `a row of form ${form}, which this process does not know` });
  const seconds = row.readUInt32BE(EXPIRES);
  const expiresAt = seconds === 0 ? undefined : seconds * 1000;
  const at = row.readUIntBE(AT, 6);
  if (form === TEXT_FORM) return { at, expiresAt, text: row.toString("utf8", TEXT, length), batch: undefined };
  return {
    at,
    expiresAt,
    text: row.toString("utf8", BATCH_TEXT, length),
    batch: {
      receivedAt: row.readUIntBE(RECEIVED_AT, 6),
      count: row.readUInt16BE(COUNT),
      digest: row.toString("latin1", DIGEST, BATCH_TEXT),
    },
  };
}
