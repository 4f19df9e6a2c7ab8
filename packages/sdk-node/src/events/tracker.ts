/** `track()` and `flush()`: events gather for a moment, leave in frozen batches, and stay until they are acknowledged. */
import type { EventsAnswer, EventType } from "@endcap/protocol";
import { type EventBase, type EventData, toEvent } from "@endcap/protocol/event-data";
import { uuidV7 } from "@endcap/protocol/uuid";
import type { Clock } from "../clock.ts";
import { EndcapApiError, EndcapError } from "../errors.ts";
import { type DropReason, guard, type Hooks } from "../hooks.ts";
import type { CallOptions, Transport } from "../http/transport.ts";
import { type EventLabel, EventQueue, type FrozenBatch, type QueueBounds } from "./event-queue.ts";

export interface BatchingOptions extends Partial<QueueBounds> {
  /** An event waits at most this long for company. */
  readonly ageMsMax?: number;
  /** Batches in flight at once. */
  readonly concurrency?: number;
  /** Keeps a serverless invocation alive until its events are delivered. */
  readonly waitUntil?: ((delivery: Promise<unknown>) => void) | undefined;
}

/** Who did it. At least one of the two. */
export type ShopperFields =
  | { readonly userId: string; readonly anonymousId?: string | undefined }
  | { readonly userId?: undefined; readonly anonymousId: string };

export type TrackData<T extends EventType> = EventData<T> & ShopperFields;

/** What became of events. `dropped` were refused as a whole batch, or did not fit the queue. */
export interface FlushCounts {
  /** Durable for the first time. */
  readonly accepted: number;
  /** Durable already. */
  readonly duplicates: number;
  readonly rejected: readonly { readonly id: string; readonly code: string; readonly pointer?: string }[];
  readonly dropped: number;
}

/** Some events could not be delivered now; they stay queued and `flush()` can be called again. `cause` says why. */
export class EndcapFlushError extends EndcapError {
  static override readonly brand = "EndcapFlushError";
  /** What was settled before. */
  readonly counts: FlushCounts;
  /** Events still queued. */
  readonly pending: number;

  constructor(counts: FlushCounts, pending: number, cause: unknown) {
    super(`${pending} events are not delivered yet`, { cause });
    this.counts = counts;
    this.pending = pending;
  }
}

/** Waits between background deliveries while the gateway cannot be reached, each with its own retries. */
const REVIVE_MS = 5_000;
const REVIVE_MS_MAX = 60_000;

interface Tally {
  accepted: number;
  duplicates: number;
  rejected: { id: string; code: string; pointer?: string }[];
  dropped: number;
}

const emptyTally = (): Tally => ({ accepted: 0, duplicates: 0, rejected: [], dropped: 0 });

export class Tracker {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #hooks: Hooks;
  readonly #queue: EventQueue;
  readonly #ageMsMax: number;
  readonly #concurrency: number;
  readonly #waitUntil: BatchingOptions["waitUntil"];
  /** Settled since the last `flush()` reported. */
  #tally = emptyTally();
  #cancelTimer: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #closed = false;
  /** Background deliveries that failed in a row. */
  #failures = 0;

  constructor(transport: Transport, clock: Clock, hooks: Hooks, options: BatchingOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#ageMsMax = options.ageMsMax ?? 1000;
    this.#concurrency = options.concurrency ?? 4;
    this.#waitUntil = options.waitUntil;
    const bounds: QueueBounds = {
      batchEventsMax: options.batchEventsMax ?? 200,
      batchBytesMax: options.batchBytesMax ?? 256 * 1024,
      queueEventsMax: options.queueEventsMax ?? 20_000,
      queueBytesMax: options.queueBytesMax ?? 16 * 1024 * 1024,
    };
    this.#queue = new EventQueue(bounds, () => uuidV7(transport.now(), clock.random));
  }

  /**
   * Queues an event and returns its id, or `null` when it was dropped: the queue is full or closed (`hooks.onDrop` hears
   * of it). Throws a TypeError when no shopper is named or the event is too large to travel.
   */
  track(
    type: EventType,
    data: EventBase & Partial<Record<"userId" | "anonymousId", string | undefined>>,
  ): string | null {
    const { userId, anonymousId, ...rest } = data;
    if (!userId && !anonymousId) throw new TypeError(`track("${type}") needs a userId or an anonymousId`);
    const now = this.#transport.now();
    const shopper = { ...(userId && { userId }), ...(anonymousId && { anonymousId }) };
    const event = toEvent(type, rest, uuidV7(now, this.#clock.random), now, shopper);
    if (this.#closed || !this.#queue.add(event)) {
      this.#tally.dropped += 1;
      this.#drop([{ id: event.id, type }], this.#closed ? "closed" : "queue_full");
      return null;
    }
    this.#schedule();
    return event.id;
  }

  /**
   * Delivers everything accepted before and during the call. Resolves with what was settled since the last flush;
   * rejects with EndcapFlushError when events remain, which stay queued.
   */
  async flush(options: CallOptions = {}): Promise<FlushCounts> {
    let failure: unknown;
    try {
      // A drain under way may be past the last events, or about to fail with other options: go until nothing is left.
      do await this.#drain(options);
      while (this.#queue.size > 0);
    } catch (error) {
      failure = error;
    }
    const counts = this.#tally;
    this.#tally = emptyTally();
    if (failure === undefined) return counts;
    this.#reviveLater();
    throw new EndcapFlushError(counts, this.#queue.size, failure);
  }

  /** Refuses further events, then flushes. */
  async close(options: CallOptions = {}): Promise<FlushCounts> {
    this.#closed = true;
    return this.flush(options);
  }

  /** Delivers soon: at once when a batch is full, else when the oldest event has waited long enough. */
  #schedule(): void {
    // While the gateway cannot be reached, the revival timer alone decides.
    if (this.#failures > 0 && this.#cancelTimer) return;
    if (this.#queue.hasFullBatch) {
      if (this.#draining === undefined) this.#inBackground(this.#drain({}, false));
    } else if (!this.#cancelTimer) {
      this.#deliverAfter(this.#ageMsMax);
    }
  }

  #deliverAfter(delayMs: number): void {
    this.#inBackground(
      new Promise<void>((resolve, reject) => {
        const run = () => {
          this.#cancelTimer = undefined;
          this.#drain({}).then(resolve, reject);
        };
        const cancel = this.#clock.after(delayMs, run, { background: this.#waitUntil === undefined });
        this.#cancelTimer = () => {
          cancel();
          resolve();
        };
      }),
    );
  }

  #inBackground(delivery: Promise<void>): void {
    const watched = delivery.then(
      () => {
        this.#failures = 0;
      },
      (error: unknown) => {
        guard(() => this.#hooks.onError?.(error));
        this.#reviveLater();
      },
    );
    this.#waitUntil?.(watched);
  }

  #reviveLater(): void {
    this.#failures += 1;
    // An invocation that is being kept alive ends here; its events go with the next one of this instance.
    if (this.#waitUntil || this.#cancelTimer || this.#closed) return;
    this.#deliverAfter(Math.min(REVIVE_MS_MAX, REVIVE_MS * 2 ** (this.#failures - 1)));
  }

  /** One drain at a time, so that nothing is sent twice. `partial` also sends what does not fill a batch. */
  async #drain(options: CallOptions, partial = true): Promise<void> {
    while (this.#draining !== undefined) await this.#draining.catch(() => undefined);
    if (partial) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      this.#queue.freeze();
    }
    this.#draining = this.#sendAll(options);
    try {
      await this.#draining;
    } finally {
      this.#draining = undefined;
    }
    // A batch that filled up just after the last worker looked.
    if (this.#queue.hasFullBatch) this.#schedule();
  }

  async #sendAll(options: CallOptions): Promise<void> {
    let failed = false;
    const worker = async () => {
      while (!failed) {
        const batch = this.#queue.take();
        if (!batch) return;
        try {
          await this.#deliver(batch, options);
        } catch (error) {
          failed = true;
          this.#queue.putBack(batch);
          throw error;
        }
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: this.#concurrency }, worker));
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
  }

  async #deliver(batch: FrozenBatch, options: CallOptions): Promise<void> {
    let answer: EventsAnswer;
    try {
      answer = await this.#transport.send<EventsAnswer>(
        { method: "POST", path: "/v1/events", body: batch.body },
        options,
      );
    } catch (error) {
      if (!(error instanceof EndcapApiError) || !isFinal(error)) throw error;
      this.#queue.settle(batch);
      this.#tally.dropped += batch.events.length;
      this.#drop(batch.events, error.code);
      guard(() => this.#hooks.onError?.(error));
      return;
    }
    this.#queue.settle(batch);
    this.#tally.accepted += answer.accepted;
    this.#tally.duplicates += answer.duplicates;
    for (const { index, code, pointer } of answer.rejected) {
      const event = batch.events[index];
      if (!event) continue;
      this.#tally.rejected.push({ id: event.id, code, ...(pointer !== undefined && { pointer }) });
      this.#drop([event], code);
    }
  }

  #drop(events: readonly EventLabel[], reason: DropReason): void {
    guard(() => this.#hooks.onDrop?.({ events, reason }));
  }
}

/** Whether sending these bytes again can never succeed. Missing rights can be mended while the events wait. */
function isFinal(error: EndcapApiError): boolean {
  return !error.retryable && error.status !== 401 && error.status !== 403 && error.status !== 404;
}
