import type { Event, Shopper } from "@endcap/protocol";
import type { ShopperKey } from "./shopper.ts";

/** What one shopper did in a batch. Stored as one row: its cost does not grow with the number of events. */
export interface ShopperEvents {
  readonly shopper: ShopperKey;
  /** In any order. `event.shopper` is kept when it says more than `shopper` does (a user's anonymous id). */
  readonly events: readonly Event[];
}

/** A frozen batch: one request of an SDK, or one shopper's share of an import's part. */
export interface AppendBatch {
  /**
   * A uuid v7 whose time is not before its events' times (5 minutes of slack): `latest` finds the newest events by it.
   * Imports make theirs with `batchIdAt`.
   */
  readonly batchId: string;
  /** SHA-256 of the frozen payload: tells a re-sent batch from a changed one. */
  readonly digest: Uint8Array;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Unix milliseconds; readers leave the rows out from then on and `sweep` removes them. Never, when absent. */
  readonly expiresAt?: number;
  /** At least one; a shopper appears once. */
  readonly parts: readonly ShopperEvents[];
}

/**
 * - `stored`: durable now. Also when an earlier attempt had stored some of the parts and this one added the rest.
 * - `duplicate`: every part was durable already; nothing was written.
 * - `changed`: one of these shoppers has a batch of this id with another digest; nothing was written.
 */
export type AppendResult = "stored" | "duplicate" | "changed";

/** One row as it is stored. */
export interface StoredBatch {
  readonly shopper: ShopperKey;
  readonly batchId: string;
  readonly digest: Uint8Array;
  readonly receivedAt: number;
  readonly expiresAt: number | undefined;
  readonly events: Event[];
}

export interface Link {
  readonly anonymousId: string;
  readonly userId: string;
  /** Unix milliseconds at which the link was proven. */
  readonly at: number;
}

/** `other`: the anonymous id belongs to another user already; nothing was written. */
export type LinkResult = "stored" | "duplicate" | "other";

export interface ScanRange {
  /** Only batches received at or after this Unix millisecond. */
  readonly from?: number;
  /** Only batches received before this Unix millisecond. */
  readonly to?: number;
}

/** What shoppers did: append once, read the newest, walk it all. */
export interface EventStore {
  /**
   * Stores many batches in one group commit and resolves, results in order, when all of it is on stable storage: what
   * was answered survives kill -9 and power loss, and every later `latest`, in any process, sees it.
   *
   * A batch is checked for change over the shoppers it names: the same id with other shoppers altogether is not noticed.
   *
   * @throws EndcapError `storage_full` (nothing of the group was stored), `storage_unavailable`
   */
  append(batches: readonly AppendBatch[]): Promise<AppendResult[]>;

  /**
   * The newest `n` events of a shopper by event time, newest first, each event id once: those of the anonymous id, of the
   * user, and of the LATEST.linksMax anonymous ids linked to the user last. Always reads what is committed now.
   *
   * Exact as long as no batch holds events more than LATEST.slackMs later than its id's time and no more than
   * LATEST.rowsMax batches have to be looked at; past that the answer is the best of the rows looked at.
   */
  latest(shopper: Shopper, n: number): Promise<Event[]>;

  /** Remembers, durably, that a session proved both ids. The first user an anonymous id is linked to keeps it. */
  link(link: Link): Promise<LinkResult>;
  /** Anonymous ids of a user, newest first, at most LATEST.linksMax. */
  links(userId: string): Promise<Link[]>;

  /** Every batch in key order (all of one shopper together, oldest batch first). Not a snapshot: rows written meanwhile may or may not appear. Yields to the event loop. */
  scan(range?: ScanRange): AsyncIterable<StoredBatch>;
}

export const LATEST = {
  /** Linked anonymous ids that are followed. */
  linksMax: 16,
  /** Batches looked at in one call, over all ids; looking at one costs about a microsecond, reading its events more. */
  rowsMax: 2000,
  /** How much later than its batch's id an event may be: the wire's `clockAheadMs`. */
  slackMs: 5 * 60_000,
} as const;
