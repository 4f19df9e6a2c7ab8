import type { Event } from "@endcap/protocol";
import type { CatalogStore, EventStore, ImportPart } from "@endcap/storage";
import { linesOf, unpack } from "./gzip-lines.ts";
import { importBatches, type PartIdentity } from "./import-batches.ts";
import type { PartContent, PartReader } from "./part-reader.ts";

/** What is read goes to storage when it has come to this many bytes of lines, so that memory stays flat. */
const heldBytesMax = 16 * 1024 * 1024;

export interface Part extends PartIdentity {
  readonly gzip: Buffer;
}

export interface PartStores {
  readonly events: EventStore;
  readonly catalogue: CatalogStore;
  /** Told of each row that was not there before. */
  readonly onStored: (events: readonly Event[]) => void;
}

/**
 * Stores a part and then its receipt. Rows are idempotent by their own ids, so the receipt is the commit: a part that
 * fails on the way has none, and the same bytes sent again complete it.
 * @throws EndcapError `body_too_large` and `invalid_request` before anything is stored; `storage_full`
 */
export async function storePart(part: Part, reader: PartReader, stores: PartStores): Promise<ImportPart> {
  for await (const lines of linesOf(await unpack(part.gzip))) {
    for (const line of lines) reader.add(line);
    if (reader.heldBytes >= heldBytesMax) await store(reader.take());
  }
  await store(reader.take());
  // Last, and dated now: an item that the same part writes before it deletes it is older than its deletion.
  if (reader.deletes.size > 0) await stores.catalogue.delete([...reader.deletes], part.receivedAt);

  async function store({ histories, items }: PartContent): Promise<void> {
    if (items.length > 0) await stores.catalogue.upsert(items);
    for (const batches of importBatches(histories, part)) {
      const results = await stores.events.append(batches);
      for (const [index, { parts }] of batches.entries()) {
        if (results[index] === "stored") for (const { events } of parts) stores.onStored(events);
      }
    }
  }

  return {
    part: part.part,
    digest: part.digest,
    events: reader.events,
    items: reader.items,
    deletes: reader.deletes.size,
    rejected: reader.rejected,
    at: part.receivedAt,
  };
}
