import { ARRIVAL, type RowKey } from "../rows/keys.ts";
import { isExpired, type RawRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment } from "./environment.ts";

const FIRST: RowKey = [" ", ""];
const LAST: RowKey = ["~", ""];

/** Every row of the table that has not expired, a chunk at a time. The feed of arrivals only repeats keys and stays out. */
export async function* rawRows(env: LmdbEnvironment, now: number): AsyncGenerator<RawRow[]> {
  for await (const rows of env.chunks(FIRST, LAST)) {
    yield rows
      .filter(({ key, value }) => !isExpired(value, now) && !key[0].startsWith(ARRIVAL))
      .map(({ key: [pk, sk], value }): RawRow => ({ pk, sk, ...value }));
  }
}
