/** The bounded memory between `track()` and the wire: loose events, and batches that are frozen once and for all. */
import type { Event } from "@endcap/protocol";
import { LIMITS } from "@endcap/protocol/limits";

/** Id and type of a queued event, for reports. */
export type EventLabel = Pick<Event, "id" | "type">;

/** A batch as it will be sent, however often: its id and bytes never change. */
export interface FrozenBatch {
  readonly batchId: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly events: readonly EventLabel[];
}

export interface QueueBounds {
  /** Events of one batch. */
  readonly batchEventsMax: number;
  /** Bytes of one batch. */
  readonly batchBytesMax: number;
  /** Events waiting or in flight. */
  readonly queueEventsMax: number;
  /** Bytes waiting or in flight. */
  readonly queueBytesMax: number;
}

/** `{"batchId":"…36…","events":[` and the closing brackets. */
const FRAME_BYTES = 64;

const encoder = new TextEncoder();

export class EventQueue {
  readonly #bounds: QueueBounds;
  readonly #newBatchId: () => string;
  #loose: { label: EventLabel; bytes: Uint8Array }[] = [];
  #looseBytes = FRAME_BYTES;
  #frozen: FrozenBatch[] = [];
  /** Whatever is not settled yet: loose, frozen and taken. */
  #events = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds, newBatchId: () => string) {
    this.#bounds = bounds;
    this.#newBatchId = newBatchId;
  }

  /** Events that are not settled yet. */
  get size(): number {
    return this.#events;
  }

  /** Whether a full batch is waiting. */
  get hasFullBatch(): boolean {
    return this.#frozen.length > 0;
  }

  /** Serializes and keeps `event`; false when the queue is full. Throws a TypeError when it can never be sent. */
  add(event: Event): boolean {
    const bytes = encoder.encode(JSON.stringify(event));
    if (bytes.length > LIMITS.eventBytesMax) {
      throw new TypeError(`an event is at most ${LIMITS.eventBytesMax} bytes as JSON; this one has ${bytes.length}`);
    }
    const { batchBytesMax, batchEventsMax, queueEventsMax, queueBytesMax } = this.#bounds;
    if (this.#events >= queueEventsMax || this.#bytes + bytes.length > queueBytesMax) return false;
    if (this.#looseBytes + bytes.length + 1 > batchBytesMax) this.freeze();
    this.#loose.push({ label: { id: event.id, type: event.type }, bytes });
    this.#looseBytes += bytes.length + 1;
    this.#events += 1;
    this.#bytes += bytes.length;
    if (this.#loose.length >= batchEventsMax) this.freeze();
    return true;
  }

  /** Turns the loose events into a batch. */
  freeze(): void {
    if (this.#loose.length === 0) return;
    const batchId = this.#newBatchId();
    const parts: Uint8Array[] = [encoder.encode(`{"batchId":"${batchId}","events":[`)];
    const comma = encoder.encode(",");
    for (const { bytes } of this.#loose) {
      if (parts.length > 1) parts.push(comma);
      parts.push(bytes);
    }
    parts.push(encoder.encode("]}"));
    this.#frozen.push({ batchId, body: concat(parts), events: this.#loose.map(({ label }) => label) });
    this.#loose = [];
    this.#looseBytes = FRAME_BYTES;
  }

  /** The oldest waiting batch, now in flight: settle it or put it back. */
  take(): FrozenBatch | undefined {
    return this.#frozen.shift();
  }

  putBack(batch: FrozenBatch): void {
    this.#frozen.unshift(batch);
  }

  /** Forgets a batch whose fate is known. */
  settle(batch: FrozenBatch): void {
    this.#events -= batch.events.length;
    // Frame and commas were never counted in.
    this.#bytes -= batch.body.length - frameLength(batch);
  }
}

/** Bytes of a batch's body that belong to no event. */
function frameLength(batch: FrozenBatch): number {
  return `{"batchId":"${batch.batchId}","events":[]}`.length + batch.events.length - 1;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
