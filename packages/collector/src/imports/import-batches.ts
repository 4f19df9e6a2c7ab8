import { type Event, LIMITS } from "@endcap/protocol";
import { type AppendBatch, batchIdAt } from "@endcap/storage";
import type { ShopperHistory } from "./part-reader.ts";

export interface PartIdentity {
  readonly importId: string;
  readonly part: number;
  /** SHA-256 of the part's bytes. */
  readonly digest: Buffer;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly expiresAt: number;
}

/**
 * The rows of a part: one shopper's events by time, at most 500 a row, so that reading a shopper's newest row never
 * costs a whole history. A row's id carries the time of its newest event and is derived from the part's bytes: the same
 * part sent again makes the same rows, and a part that failed does not stand in the way of a corrected one.
 */
export function importBatches(histories: readonly ShopperHistory[], identity: PartIdentity): AppendBatch[] {
  const { digest, receivedAt, expiresAt } = identity;
  const seed = `${identity.importId}\0${identity.part}\0${digest.toString("hex")}`;
  const batches: AppendBatch[] = [];
  for (const { shopper, events } of histories) {
    const timed = events.map((event) => ({ event, at: Date.parse(event.at) }));
    timed.sort((a, b) => a.at - b.at);
    for (let start = 0; start < timed.length; start += LIMITS.eventsPerBatchMax) {
      const row = timed.slice(start, start + LIMITS.eventsPerBatchMax);
      const newest = row.at(-1)?.at ?? 0;
      const batchId = batchIdAt(newest, `${seed}\0${shopper.kind}\0${shopper.id}\0${row[0]?.event.id}`);
      const parts = [{ shopper, events: row.map(({ event }): Event => event) }];
      batches.push({ batchId, digest, receivedAt, expiresAt, parts });
    }
  }
  return batches;
}
