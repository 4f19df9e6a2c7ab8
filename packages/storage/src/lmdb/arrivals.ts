/**
 * The feed of arrivals: an empty row for each row of events, written in the same transaction, keyed by the minute and
 * then by the time at which it was written.
 */
import { ARRIVALS, type Arrival, type ArrivalFeed, type Arrivals } from "../ports/arrival-feed.ts";
import type { StoredBatch } from "../ports/event-store.ts";
import type { ShopperKey } from "../ports/shopper.ts";
import {
  ARRIVAL,
  after,
  arrivalKey,
  EVENTS,
  eventsKey,
  parseArrival,
  type RowKey,
  shopperOfPk,
  shopperPk,
} from "../rows/keys.ts";
import { isExpired, type RowValue, storedBatch, textRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment } from "./environment.ts";
import type { RowDatabase } from "./row-database.ts";

/** Adds a row of events to the feed. Call it where the row itself is put, so that both are written or neither. */
export function putArrival(db: RowDatabase, row: RowKey, value: RowValue, now: number): void {
  if (value.at >= now - ARRIVALS.reachMs) void db.put(arrivalKey(now, row), textRow(now, "", value.expiresAt));
}

export class LmdbArrivalFeed implements ArrivalFeed {
  readonly #env: LmdbEnvironment;
  readonly #now: () => number;

  constructor(env: LmdbEnvironment, now: () => number) {
    this.#env = env;
    this.#now = now;
  }

  async since(from: number | string, limit: number): Promise<Arrivals> {
    const start = typeof from === "number" ? { at: from } : parseCursor(from);
    const arrivals: Arrival[] = [];
    for (const { key } of this.#env.range(arrivalKey(start.at, start.row), [after(ARRIVAL), ""])) {
      const { at, row } = parseArrival(key);
      if (start.row !== undefined && at === start.at && row[0] === start.row[0] && row[1] === start.row[1]) continue;
      arrivals.push({ shopper: shopperOfPk(row[0]) as ShopperKey, batchId: row[1].slice(EVENTS.length) });
      if (arrivals.length === limit) return { arrivals, cursor: formatCursor(at, row), more: true };
    }
    return { arrivals, cursor: formatCursor(Math.max(start.at, this.#now() - ARRIVALS.overlapMs)), more: false };
  }

  async read(arrivals: readonly Arrival[]): Promise<(StoredBatch | undefined)[]> {
    const db = this.#env.fresh();
    const now = this.#now();
    return arrivals.map(({ shopper, batchId }) => {
      const [pk, sk] = eventsKey(shopperPk(shopper), batchId);
      const value = db.get([pk, sk]);
      return value === undefined || isExpired(value, now) ? undefined : storedBatch({ pk, sk, ...value });
    });
  }

  /** Forgets what the feed no longer reaches back to. Returns the rows removed. */
  async sweep(): Promise<number> {
    let removed = 0;
    for await (const rows of this.#env.chunks([ARRIVAL, ""], arrivalKey(this.#now() - ARRIVALS.reachMs))) {
      await this.#env.write(0, (db) => rows.map(({ key }) => db.remove(key)));
      removed += rows.length;
    }
    return removed;
  }
}

interface Position {
  readonly at: number;
  /** The row of events that was given last; absent: everything from `at` on is still to be given. */
  readonly row?: RowKey | undefined;
}

const formatCursor = (at: number, row?: RowKey): string => JSON.stringify(row ? [at, ...row] : [at]);

function parseCursor(text: string): Position {
  const [at, pk, sk] = JSON.parse(text) as [number, string?, string?];
  return { at, row: pk !== undefined && sk !== undefined ? [pk, sk] : undefined };
}
