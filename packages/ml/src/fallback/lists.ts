import { FallbackList } from "@endcap/protocol";
import type { Models } from "@endcap/storage";
import { LRUCache } from "lru-cache";
import { Compile } from "typebox/compile";

export interface FallbackListsOptions {
  readonly models: Models;
  readonly refreshMs: number;
  /** Bytes of JSON kept in memory. */
  readonly bytesMax: number;
  readonly now: () => number;
  readonly onFault: (tenant: string, error: unknown) => void;
}

interface Kept {
  /** `undefined`: the tenant has none, or it could not be read yet. */
  readonly list: FallbackList | undefined;
  readonly etag: string | undefined;
  /** When the store was last asked. */
  readonly checkedAt: number;
  readonly bytes: number;
}

const objectKey = "fallback.json";
/** A list that was not looked at for so many times its refresh is old; this long an answer waits for a newer one. */
const oldRefreshes = 4;
const oldMsMax = 50;
/** What a tenant without a list counts for. */
const emptyBytes = 256;
const nothing = { list: undefined, etag: undefined, bytes: emptyBytes } as const;
const listCheck = Compile(FallbackList);

/**
 * The popular items that each tenant's recommender published last. Kept in memory from the tenant's first request on,
 * looked at again in the background when older than `refreshMs`, and kept when the store fails: this is what is left
 * when everything else is down.
 */
export class FallbackLists {
  readonly #options: FallbackListsOptions;
  readonly #kept: LRUCache<string, Kept>;
  readonly #loading = new Map<string, Promise<void>>();

  constructor(options: FallbackListsOptions) {
    this.#options = options;
    this.#kept = new LRUCache({ maxSize: options.bytesMax, sizeCalculation: ({ bytes }) => bytes });
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Sees to it that the tenant's list is in memory and fresh, without waiting for it. */
  warm(tenant: string): void {
    const kept = this.#kept.get(tenant);
    if (kept !== undefined && this.#options.now() - kept.checkedAt < this.#options.refreshMs) return;
    if (this.#loading.has(tenant)) return;
    const loading = this.#load(tenant, kept).finally(() => this.#loading.delete(tenant));
    this.#loading.set(tenant, loading);
  }

  /**
   * The tenant's list. Waits for the store when it was never asked, until `signal`, and a moment when nobody asked for so
   * long that the list is from another time: after a quiet night the first shopper should not see what is sold out.
   */
  async get(tenant: string, signal: AbortSignal): Promise<FallbackList | undefined> {
    this.warm(tenant);
    const loading = this.#loading.get(tenant);
    const kept = this.#kept.get(tenant);
    if (loading && kept === undefined) await orAborted(loading, signal);
    else if (loading && kept && this.#options.now() - kept.checkedAt > oldRefreshes * this.#options.refreshMs) {
      await orAborted(loading, AbortSignal.any([signal, AbortSignal.timeout(oldMsMax)]));
    }
    return this.#kept.get(tenant)?.list;
  }

  async #load(tenant: string, kept: Kept | undefined): Promise<void> {
    const { models, now, onFault } = this.#options;
    let next: Omit<Kept, "checkedAt"> = kept ?? nothing;
    try {
      const found = await models.open(tenant).getIfChanged(objectKey, kept?.etag);
      if (found === undefined) next = nothing;
      else if (found !== "unchanged") {
        next = { list: parseList(found.bytes), etag: found.etag, bytes: found.bytes.length };
      }
    } catch (error) {
      onFault(tenant, error);
    }
    this.#kept.set(tenant, { ...next, checkedAt: now() });
  }
}

function parseList(bytes: Uint8Array): FallbackList {
  const list: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  if (!listCheck.Check(list)) throw new TypeError("the fallback object does not fit its schema");
  return list;
}

/** Ends with the work or with the signal, whichever comes first. */
function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end);
    work.then(end, end);
  });
}
