import { addRow, type UsageRow } from "./usage-row.ts";

/** Rows kept in memory at most while they cannot be written. */
const rowsMax = 50_000;
const hourMs = 3_600_000;

/**
 * What the disk did not take yet. While it refuses, windows are added together by the hour, so that what is held grows
 * with tenants and routes and not with time.
 */
export class HeldRows {
  readonly #rows = new Map<string, UsageRow>();
  readonly #onLost: (requests: number) => void;

  constructor(onLost: (requests: number) => void) {
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#rows.size;
  }

  add(rows: readonly UsageRow[]): void {
    for (const row of rows) {
      const { tenant, env, route, status, code, at } = row;
      const name = [tenant, env, route, status, code, Math.floor(at / hourMs)].join(" ");
      const held = this.#rows.get(name);
      if (held !== undefined) addRow(held, row);
      else if (this.#rows.size < rowsMax) this.#rows.set(name, row);
      else this.#onLost(row.requests);
    }
  }

  all(): UsageRow[] {
    return [...this.#rows.values()];
  }

  clear(): void {
    this.#rows.clear();
  }
}
