import type { UsageRecord } from "@endcap/protocol";

/** What a ledger asks of a usage record. */
export type Counted = Pick<UsageRecord, "at" | "tenant" | "env" | "events">;

/**
 * Some rows' counts, in columns. They are kept until control has the rows, by which time a thousand objects would have
 * been copied by V8's collections of the young, and half of them have grown old.
 */
export class CountedRows implements Iterable<Counted> {
  readonly length: number;
  readonly #tenants: string[] = [];
  readonly #envs: Counted["env"][] = [];
  /** Of each row when it began, and its events. */
  readonly #numbers: Float64Array;

  constructor(rows: readonly Counted[]) {
    this.length = rows.length;
    this.#numbers = new Float64Array(2 * rows.length);
    let at = 0;
    for (const row of rows) {
      this.#tenants.push(row.tenant);
      this.#envs.push(row.env);
      this.#numbers[at++] = row.at;
      this.#numbers[at++] = row.events;
    }
  }

  *[Symbol.iterator](): IterableIterator<Counted> {
    for (let nth = 0; nth < this.length; nth++) {
      const [tenant = "", env = "live"] = [this.#tenants[nth], this.#envs[nth]];
      yield { tenant, env, at: this.#numbers[2 * nth] ?? 0, events: this.#numbers[2 * nth + 1] ?? 0 };
    }
  }
}
