/** The catalogue: write many, read one, delete one. */
import type { Item, PutItemsAnswer } from "@endcap/protocol";
import { LIMITS } from "@endcap/protocol/limits";
import { type CallOptions, segment, type Transport } from "../http/transport.ts";
import { forEachConcurrently, type Source } from "../pool.ts";
import { type ItemChunk, itemChunks } from "./item-chunks.ts";

/** An item as the caller gives it. `updatedAt` is now when left out; an older write never replaces a newer one. */
export type ItemInput = Omit<Item, "updatedAt" | "expiresAt"> & {
  updatedAt?: Date | string;
  expiresAt?: Date | string;
};

export interface UpsertProgress {
  readonly sent: number;
  readonly stored: number;
  /** A newer version was stored already; nothing was written. */
  readonly stale: number;
  readonly rejected: number;
}

export interface UpsertResult {
  readonly stored: number;
  readonly stale: number;
  readonly rejectedCount: number;
  /** The first 1,000 of them; `index` counts from 0 in what was given. */
  readonly rejected: readonly {
    readonly index: number;
    readonly id?: string;
    readonly code: string;
    readonly pointer?: string;
  }[];
}

export interface UpsertOptions extends CallOptions {
  /** Requests in flight at once; default 4. */
  readonly concurrency?: number;
  /** Default 500, at most 1,000. */
  readonly itemsPerRequestMax?: number;
  readonly onProgress?: (progress: UpsertProgress) => void;
}

const REJECTED_MAX = 1000;

export class Items {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Writes items from any iterable, also an asynchronous one, with flat memory. One invalid item is rejected alone; a
   * request that fails for good rejects the call, and it is safe to run it again.
   */
  async upsert(items: Source<ItemInput>, options: UpsertOptions = {}): Promise<UpsertResult> {
    const { concurrency = 4, itemsPerRequestMax = 500, onProgress, ...call } = options;
    if (!(itemsPerRequestMax >= 1 && itemsPerRequestMax <= LIMITS.itemsPerRequestMax)) {
      throw new RangeError(`itemsPerRequestMax lies between 1 and ${LIMITS.itemsPerRequestMax}`);
    }
    let sent = 0;
    let stored = 0;
    let stale = 0;
    let rejectedCount = 0;
    const rejected: UpsertResult["rejected"][number][] = [];
    const chunks = itemChunks(items, itemsPerRequestMax, () => new Date(this.#transport.now()).toISOString());
    await forEachConcurrently(chunks, concurrency, async (chunk: ItemChunk) => {
      const answer = await this.#transport.send<PutItemsAnswer>(
        { method: "PUT", path: "/v1/items", body: chunk.body },
        call,
      );
      sent += chunk.count;
      stored += answer.stored;
      stale += answer.stale;
      rejectedCount += answer.rejected.length;
      for (const fault of answer.rejected) {
        if (rejected.length < REJECTED_MAX) rejected.push({ ...fault, index: chunk.firstIndex + fault.index });
      }
      onProgress?.({ sent, stored, stale, rejected: rejectedCount });
    });
    rejected.sort((a, b) => a.index - b.index);
    return { stored, stale, rejectedCount, rejected };
  }

  /** The stored item; rejects with code `item_not_found`. */
  async get(id: string, options: CallOptions = {}): Promise<Item> {
    return this.#transport.send({ method: "GET", path: `/v1/items/${segment(id)}` }, options);
  }

  /** Deletes an item from the catalogue; an unknown one is no error. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.send({ method: "DELETE", path: `/v1/items/${segment(id)}` }, options);
  }
}
