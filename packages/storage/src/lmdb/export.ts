import type { RowKey } from "../rows/keys.ts";
import { isExpired, type RawRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment } from "./environment.ts";

const FIRST: RowKey = [" ", ""];
const LAST: RowKey = ["~", ""];

/** Every row of the table that has not expired, a chunk at a time. */
export async function* rawRows(env: LmdbEnvironment, now: number): AsyncGenerator<RawRow[]> {
  for await (const rows of env.chunks(FIRST, LAST)) {
    yield rows
      .filter(({ value }) => !isExpired(value, now))
      .map(({ key: [pk, sk], value }): RawRow => ({ pk, sk, ...value }));
  }
}
