import { setImmediate as nextTurn } from "node:timers/promises";
import type { Item } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";
import { Expiry } from "./expiry.ts";

/**
 * Told of every change: the item as it was and as it is, either of which may be missing. The same item twice: it has
 * expired, or no longer has.
 */
export type CatalogueListener = (before: Item | undefined, after: Item | undefined) => void;

/** Changes taken over in one go, so that a large import never holds the event loop for long. */
const changesPerPage = 250;

/**
 * The tenant's catalogue in memory, kept fresh by the store's change feed. What is derived from items (bitmaps, filters,
 * lists) listens and follows item by item: a catalogue moves all the time, and nothing may start over with every price.
 */
export class Catalogue {
  readonly #store: CatalogStore;
  readonly #now: () => number;
  readonly #items = new Map<string, Item>();
  readonly #listeners: CatalogueListener[] = [];
  readonly #expiry = new Expiry();
  #cursor: string | undefined;

  constructor(store: CatalogStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get size(): number {
    return this.#items.size;
  }

  get(id: string): Item | undefined {
    return this.#items.get(id);
  }

  items(): IterableIterator<Item> {
    return this.#items.values();
  }

  /** For what keeps an index of the items and must not walk them all after each change. */
  onChange(listener: CatalogueListener): void {
    this.#listeners.push(listener);
  }

  /** Whether an item may be shown at all: not hidden, not sold out, not expired. */
  isServable(item: Item): boolean {
    if (item.hidden || item.availability === "out_of_stock") return false;
    return item.expiresAt === undefined || Date.parse(item.expiresAt) > this.#now();
  }

  /** Takes over what changed since the last call. */
  async refresh(): Promise<void> {
    let more = true;
    while (more) {
      const page = await this.#store.changesSince(this.#cursor, changesPerPage);
      this.#cursor = page.cursor;
      if (page.reset) {
        await this.#reload();
        continue;
      }
      for (const change of page.changes) {
        this.#take(change.id, change.kind === "upsert" ? change.item : undefined);
      }
      more = page.more;
      if (more) await nextTurn();
    }
    for (const id of this.#expiry.turned(this.#now())) this.#take(id, this.#items.get(id));
  }

  async #reload(): Promise<void> {
    const gone = new Set(this.#items.keys());
    for await (const item of this.#store.scan()) {
      this.#take(item.id, item);
      gone.delete(item.id);
    }
    for (const id of gone) this.#take(id, undefined);
  }

  #take(id: string, after: Item | undefined): void {
    const before = this.#items.get(id);
    if (after === undefined) this.#items.delete(id);
    else this.#items.set(id, after);
    if (after !== before) this.#expiry.set(id, after?.expiresAt);
    for (const listener of this.#listeners) listener(before, after);
  }
}
