import type { StoredBatch } from "./event-store.ts";
import type { ShopperKey } from "./shopper.ts";

/** That a shopper's part of a batch became durable: where it is, not what it holds. */
export interface Arrival {
  readonly shopper: ShopperKey;
  readonly batchId: string;
}

export interface Arrivals {
  readonly arrivals: Arrival[];
  /** Where the next call goes on. */
  readonly cursor: string;
  /** There is more at once: call again. */
  readonly more: boolean;
}

/**
 * What arrived, over all shoppers, in about the order in which it did: for readers that keep counts fresh without
 * walking the table. In DynamoDB's terms a partition a minute, written in the transaction that writes the batch.
 *
 * It reaches back ARRIVALS.reachMs. Batches whose newest event is older than that when they arrive (an import of old
 * history) are not in it.
 */
export interface ArrivalFeed {
  /**
   * `from` is a Unix millisecond to begin with, or the cursor of the answer before. `limit` bounds the arrivals of one
   * call. At least once: writers commit side by side, so a reader that has caught up is given the last
   * ARRIVALS.overlapMs again, and leaves out what it knows.
   */
  since(from: number | string, limit: number): Promise<Arrivals>;
  /** The batches of some arrivals, in their order; `undefined` where one expired meanwhile. */
  read(arrivals: readonly Arrival[]): Promise<(StoredBatch | undefined)[]>;
}

export const ARRIVALS = {
  reachMs: 24 * 3_600_000,
  /** Longer than a commit takes to become visible, and than the clocks of writers differ. */
  overlapMs: 5_000,
} as const;
