/** What the fake remembers, by the rules of the wire: each batch once, each event once, the newest write of an item wins. */
import type { Event, ImportPartAnswer, Item } from "@endcap/protocol";

export interface StoredPart {
  readonly digest: string;
  readonly answer: ImportPartAnswer;
}

interface StoredImport {
  /** By number, from 1. */
  readonly parts: Map<number, StoredPart>;
  completed: boolean;
}

export class FakeStore {
  readonly events = new Map<string, Event>();
  readonly items = new Map<string, Item>();
  readonly imports = new Map<string, StoredImport>();
  readonly #batches = new Map<string, string>();
  /** Unix milliseconds of each item's newest write; a deletion's too, so that a late write does not bring it back. */
  readonly #writtenAt = new Map<string, number>();

  append(batchId: string, digest: string, events: readonly Event[]): "stored" | "duplicate" | "changed" {
    const known = this.#batches.get(batchId);
    if (known !== undefined) return known === digest ? "duplicate" : "changed";
    this.#batches.set(batchId, digest);
    this.addEvents(events);
    return "stored";
  }

  addEvents(events: Iterable<Event>): void {
    for (const event of events) if (!this.events.has(event.id)) this.events.set(event.id, event);
  }

  upsert(item: Item): "stored" | "stale" {
    const at = Date.parse(item.updatedAt);
    if (at <= (this.#writtenAt.get(item.id) ?? Number.NEGATIVE_INFINITY)) return "stale";
    this.#writtenAt.set(item.id, at);
    this.items.set(item.id, item);
    return "stored";
  }

  delete(id: string, now: number): boolean {
    this.#writtenAt.set(id, Math.max(now, this.#writtenAt.get(id) ?? 0));
    return this.items.delete(id);
  }
}
