import type { ServedRecord, Shopper } from "@endcap/protocol";
import type { ServedLog, ServedScan } from "../ports/served-log.ts";
import { shopperKeyOf } from "../ports/shopper.ts";
import { after, type RowKey, SERVED, servedKey, shopperOfPk, shopperPk } from "../rows/keys.ts";
import { isExpired, textRow } from "../rows/raw-row.ts";
import { decodeServed, encodeServed } from "../rows/served-text.ts";
import type { LmdbEnvironment } from "./environment.ts";

export class LmdbServedLog implements ServedLog {
  readonly #env: LmdbEnvironment;
  readonly #now: () => number;

  constructor(env: LmdbEnvironment, now: () => number) {
    this.#env = env;
    this.#now = now;
  }

  async put(records: readonly ServedRecord[], options: { readonly expiresAt?: number } = {}): Promise<void> {
    const rows = records.map((record) => ({
      key: servedKey(shopperKeyOf(record.shopper), record.recommendationId),
      value: textRow(Date.parse(record.at), encodeServed(record), options.expiresAt),
    }));
    const bytes = rows.reduce((sum, { value }) => sum + value.text.length, 0);
    await this.#env.write(bytes, (db) => {
      for (const { key, value } of rows) void db.put(key, value);
      return [];
    });
  }

  async get(shopper: Shopper, recommendationId: string): Promise<ServedRecord | undefined> {
    const owner = shopperKeyOf(shopper);
    const row = this.#env.get(servedKey(owner, recommendationId));
    return row && !isExpired(row, this.#now()) ? decodeServed(owner, recommendationId, row.text) : undefined;
  }

  async *scan({ shopper, from = 0 }: ServedScan = {}): AsyncGenerator<ServedRecord> {
    const [start, end]: [RowKey, RowKey] = shopper
      ? [
          [shopperPk(shopper), SERVED],
          [shopperPk(shopper), after(SERVED)],
        ]
      : [
          ["S#", ""],
          [after("S#"), ""],
        ];
    for await (const rows of this.#env.chunks(start, end)) {
      const now = this.#now();
      for (const { key, value } of rows) {
        if (!key[1].startsWith(SERVED) || isExpired(value, now) || value.at < from) continue;
        yield decodeServed(shopperOfPk(key[0]), key[1].slice(SERVED.length), value.text);
      }
    }
  }
}
