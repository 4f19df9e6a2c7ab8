import { setImmediate as nextTurn } from "node:timers/promises";
import type { Arrival, ArrivalFeed } from "@endcap/storage";
import type { LiveDelta } from "./live-delta.ts";
import { RecentKeys } from "./recent-keys.ts";

/** Batches taken over in one go, so that catching up after a restart never holds the event loop for long. */
const batchesPerPage = 32;
/** More than arrive within the feed's overlap. */
const arrivalsKnownMax = 20_000;

/** Feeds the delta with what arrives in the event store; after a restart with what arrived since the model was trained. */
export class LiveTail {
  readonly #feed: ArrivalFeed;
  readonly #delta: LiveDelta;
  readonly #known = new RecentKeys(arrivalsKnownMax);
  #cursor: number | string = 0;
  #since = 0;
  #stopped = false;

  constructor(feed: ArrivalFeed, delta: LiveDelta) {
    this.#feed = feed;
    this.#delta = delta;
  }

  /** Ends a call of `follow` that is under way after its page, so that nobody waits for a day of events. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes over what arrived. Another `since` (Unix milliseconds: the model's training) empties the delta and begins there. */
  async follow(since: number): Promise<void> {
    if (since !== this.#since) this.#restart(since);
    for (let more = !this.#stopped; more; ) {
      const page = await this.#feed.since(this.#cursor, batchesPerPage);
      const fresh = page.arrivals.filter((arrival) => !this.#known.has(keyOf(arrival)));
      for (const batch of await this.#feed.read(fresh)) {
        if (batch !== undefined && this.#known.add(keyOf(batch)))
          this.#delta.add(`${batch.shopper.kind}#${batch.shopper.id}`, batch.events, batch.receivedAt);
      }
      this.#cursor = page.cursor;
      more = page.more && !this.#stopped;
      if (more) await nextTurn();
    }
  }

  #restart(since: number): void {
    this.#delta.clear();
    this.#known.clear();
    this.#cursor = since;
    this.#since = since;
  }
}

const keyOf = ({ shopper, batchId }: Arrival): string => `${batchId}${shopper.kind}${shopper.id}`;
