import type { Item } from "@endcap/protocol";
import { type FallbackList, LIMITS } from "@endcap/protocol";
import type { ModelStore } from "@endcap/storage";
import type { ServedModel } from "./champion.ts";

/** Publishes the tenant's popular items, hydrated, for ml to answer with when this process cannot. */
export class FallbackPublisher {
  readonly #store: ModelStore;
  readonly #now: () => number;
  readonly #everyMs: number;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #published: string | undefined;

  constructor(store: ModelStore, everyMs: number, now: () => number) {
    this.#store = store;
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** Publishes when the list differs from the last one and the last one is old enough; `at once` skips the wait. */
  async publish(popular: () => Item[], served: ServedModel | undefined, atOnce: boolean): Promise<boolean> {
    const now = this.#now();
    if (!atOnce && now - this.#publishedAt < this.#everyMs) return false;
    const items = popular().slice(0, LIMITS.fallbackItemsMax);
    const content = JSON.stringify(items) + (served?.version ?? "");
    this.#publishedAt = now;
    if (content === this.#published) return false;
    const list: FallbackList = {
      format: 1,
      publishedAt: new Date(now).toISOString(),
      model: served === undefined ? null : { version: served.version, trainedAt: served.trainedAt },
      items,
    };
    await this.#store.put("fallback.json", new TextEncoder().encode(JSON.stringify(list)));
    this.#published = content;
    return true;
  }
}
