import { EVENTS, type RowKey } from "../rows/keys.ts";
import type { RawRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment, Row } from "./environment.ts";
import { expiresAtOf, isExpired, stampOf, textOf, unframeEvents } from "./frame.ts";

const FIRST: RowKey = [" ", ""];
const LAST: RowKey = ["~", ""];

/** Every row of the table that has not expired, a chunk at a time. */
export async function* rawRows(env: LmdbEnvironment, now: number): AsyncGenerator<RawRow[]> {
  for await (const rows of env.chunks(FIRST, LAST)) {
    yield rows.filter(({ value }) => !isExpired(value, now)).map(rawRow);
  }
}

function rawRow({ key: [pk, sk], value }: Row): RawRow {
  if (!sk.startsWith(EVENTS)) return { pk, sk, at: stampOf(value), text: textOf(value), expiresAt: expiresAtOf(value) };
  const { newestAt, receivedAt, count, digest, expiresAt, text } = unframeEvents(value);
  return { pk, sk, at: newestAt, text, expiresAt, batch: { receivedAt, count, digest } };
}
