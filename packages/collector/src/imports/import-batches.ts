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
 * Events that go to storage together. More would hold up the events of shoppers who are there now: 2,000 made their
 * acknowledgement 1.5 to 2.5 times slower, and the import gained little.
 */
const eventsPerCommitMax = 500;

/**
 * The rows of a part, in groups for one commit each. A row is one shopper's events by time, at most 500, so that reading
 * a shopper's newest row never costs a whole history. Its id carries the time of its newest event and is derived from
 * the part's bytes: the same part sent again makes the same rows, and a part that failed does not stand in the way of a
 * corrected one.
 */
export function* importBatches(
  histories: readonly ShopperHistory[],
  { importId, part, digest, receivedAt, expiresAt }: PartIdentity,
): Generator<AppendBatch[]> {
  const seed = `${importId}\0${part}\0${digest.toString("hex")}`;
  let group: AppendBatch[] = [];
  let grouped = 0;
  for (const { shopper, events } of histories) {
    const sorted = byTime(events);
    for (let start = 0; start < sorted.length; start += LIMITS.eventsPerBatchMax) {
      const row = sorted.slice(start, start + LIMITS.eventsPerBatchMax);
      const newest = row.at(-1) ?? { at: "", id: "" };
      group.push({
        batchId: batchIdAt(Date.parse(newest.at), `${seed}\0${shopper.kind}\0${shopper.id}\0${newest.id}`),
        digest,
        receivedAt,
        expiresAt,
        parts: [{ shopper, events: row }],
      });
      grouped += row.length;
      if (grouped < eventsPerCommitMax) continue;
      yield group;
      group = [];
      grouped = 0;
    }
  }
  if (group.length > 0) yield group;
}

/** Most shoppers have one event in a part. */
function byTime(events: readonly Event[]): readonly Event[] {
  if (events.length === 1) return events;
  const timed = events.map((event) => ({ event, at: Date.parse(event.at) }));
  return timed.sort((a, b) => a.at - b.at).map(({ event }) => event);
}
