/** The client: one object per key, for as long as the process lives. */
import type { EventBatch, EventsAnswer, EventType } from "@endcap/protocol";
import { Items } from "./catalogue/items.ts";
import { type Clock, systemAfter, systemRandom } from "./clock.ts";
import { type FlushCounts, type TrackData, Tracker } from "./events/tracker.ts";
import { type CallOptions, json, Transport } from "./http/transport.ts";
import { type UserTokenOptions, userToken } from "./identity.ts";
import { Imports } from "./imports/import.ts";
import { type Credentials, type EndcapOptions, readCredentials } from "./options.ts";
import { Recommendations, Recommenders } from "./recommendations.ts";
import { Shoppers } from "./shoppers.ts";
import { Webhooks } from "./webhooks.ts";

/** Sends batches that the caller makes and keeps. */
export interface Events {
  /** One request. With a `batchId` (uuid v7) it is safe to send the same batch again. */
  send(batch: EventBatch, options?: CallOptions): Promise<EventsAnswer>;
}

export class Endcap implements AsyncDisposable {
  readonly events: Events;
  readonly items: Items;
  readonly recommendations: Recommendations;
  readonly recommenders: Recommenders;
  readonly imports: Imports;
  readonly shoppers: Shoppers;
  readonly webhooks: Webhooks;
  readonly #credentials: Credentials;
  readonly #transport: Transport;
  readonly #tracker: Tracker;

  /** Throws a TypeError when endpoint, key or secret are not well formed. Opens no connection. */
  constructor(options: EndcapOptions) {
    this.#credentials = readCredentials(options);
    const { origin, keyId, keys, bearer } = this.#credentials;
    const clock: Clock = {
      now: options.now ?? Date.now,
      after: options.after ?? systemAfter,
      random: options.random ?? systemRandom,
    };
    const hooks = options.hooks ?? {};
    this.#transport = new Transport({
      origin,
      keyId,
      requestKey: keys.request,
      bearer,
      // Bound late, so that instrumentation installed afterwards is used.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      clock,
      timeoutMsMax: options.timeoutMsMax ?? 30_000,
      attemptMsMax: options.attemptMsMax ?? 10_000,
      retries: options.retries ?? 3,
      hooks,
    });
    const transport = this.#transport;
    this.#tracker = new Tracker(transport, clock, hooks, options.batching ?? {});
    this.events = {
      send: (batch, call) => transport.send({ method: "POST", path: "/v1/events", body: json(batch) }, call),
    };
    this.items = new Items(transport);
    this.recommendations = new Recommendations(transport);
    this.recommenders = new Recommenders(transport);
    this.imports = new Imports(transport);
    this.shoppers = new Shoppers(transport);
    this.webhooks = new Webhooks(keys.webhook, clock);
  }

  /**
   * Queues one event, named as GA4 names it, and returns its id; `null` when the queue is full (20,000 events or 16 MB)
   * or closed. Leaves with others within a second.
   */
  track<T extends EventType>(type: T, data: TrackData<T>): string | null {
    return this.#tracker.track(type, data);
  }

  /**
   * Delivers what was tracked before and during the call, and says what became of it. Rejects with EndcapFlushError when
   * events remain; they stay queued.
   */
  flush(options?: CallOptions): Promise<FlushCounts> {
    return this.#tracker.flush(options);
  }

  /** Takes no more events and delivers the rest. */
  close(options?: CallOptions): Promise<FlushCounts> {
    return this.#tracker.close(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A token that signs `userId` in on a page: hand it to `endcap.identify(token)` of the browser SDK. */
  createUserToken(options: UserTokenOptions): string {
    const { keyId, keys } = this.#credentials;
    return userToken(keyId, keys.identity, this.#transport.now(), options);
  }
}
