import { monthOf } from "@endcap/protocol";
import type { Counted } from "./counted.ts";
import { TenantUsage } from "./tenant-usage.ts";
import type { Kept } from "./totals-file.ts";

/** What control told of a month, and up to where. */
export interface KnownTotals {
  readonly month: string;
  readonly cursor: number;
  /**
   * Of tenants that had events. Read while they go on changing, a total may be newer than the cursor, which control then
   * tells once more; it ends where the month does.
   */
  totals(): Iterable<readonly [tenant: string, events: number]>;
}

/**
 * Events of the running UTC month by tenant: what control has from all gateways, and what it has not heard from us yet.
 * One number a tenant is all that a request reads.
 */
export interface Ledger {
  readonly month: string;
  readonly cursor: number;
  /** The tenant's, for as long as the ledger lives: a new month empties it. */
  of(tenant: string): TenantUsage;
  /** Counts what an earlier run left behind. */
  restore(record: Counted): void;
  /** Control has these now; its totals, which follow, hold them. */
  acknowledged(records: Iterable<Counted>): void;
  apply(month: string, cursor: number, totals: readonly { tenant: string; events: number }[]): void;
  /** Nobody else counts: what is unreported is the total. */
  settle(): void;
  /** Starts anew when the month has changed, forward or, after a corrected clock, back. Answers whether it did. */
  roll(now: number): boolean;
  known(): KnownTotals;
}

export function createLedger(now: number, kept?: Kept): Ledger {
  let month = monthOf(now);
  let span = monthAround(now);
  let cursor = 0;
  const entries = new Map<string, TenantUsage>();
  if (kept?.month === month) {
    cursor = kept.cursor;
    for (const [tenant, total] of Object.entries(kept.totals)) entryOf(tenant).total = total;
  }

  function entryOf(tenant: string): TenantUsage {
    let entry = entries.get(tenant);
    if (entry === undefined) {
      entry = new TenantUsage(tenant);
      entries.set(tenant, entry);
    }
    return entry;
  }

  const counts = ({ env, events, at }: Counted) => env === "live" && events > 0 && isWithin(span, at);

  return {
    get month() {
      return month;
    },
    get cursor() {
      return cursor;
    },
    of: entryOf,
    restore(record) {
      if (counts(record)) entryOf(record.tenant).unreported += record.events;
    },
    acknowledged(records) {
      for (const record of records) {
        if (!counts(record)) continue;
        const entry = entryOf(record.tenant);
        entry.unreported = Math.max(0, entry.unreported - record.events);
      }
    },
    apply(of, to, totals) {
      if (of !== month) return;
      cursor = to;
      for (const { tenant, events } of totals) entryOf(tenant).total = events;
    },
    settle() {
      for (const entry of entries.values()) {
        entry.total += entry.unreported;
        entry.unreported = 0;
      }
    },
    roll(at) {
      if (isWithin(span, at)) return false;
      month = monthOf(at);
      span = monthAround(at);
      cursor = 0;
      for (const entry of entries.values()) {
        entry.total = 0;
        entry.unreported = 0;
      }
      return true;
    },
    known() {
      const of = month;
      function* totals(): Generator<readonly [string, number]> {
        for (const [tenant, { total }] of entries) {
          if (month !== of) return;
          if (total > 0) yield [tenant, total];
        }
      }
      return { month, cursor, totals };
    },
  };
}

interface Span {
  readonly from: number;
  readonly until: number;
}

/** Unix ms. Thousands of records a second are held against it: naming the month of each would be a tenth of their price. */
function monthAround(at: number): Span {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { from: Date.UTC(year, month), until: Date.UTC(year, month + 1) };
}

const isWithin = ({ from, until }: Span, at: number): boolean => at >= from && at < until;
