import type { Item } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";

/** Told of every change: the item as it was and as it is, either of which may be missing. */
export type CatalogueListener = (before: Item | undefined, after: Item | undefined) => void;

/** Changes taken over in one go, so that a large import never holds the event loop for long. */
const changesPerPage = 1000;

/**
 * The tenant's catalogue in memory, kept fresh by the store's change feed. `generation` moves with every change, so that
 * what is derived from items (bitmaps, filters, lists) knows when it is out of date.
 */
export class Catalogue {
  readonly #store: CatalogStore;
  readonly #now: () => number;
  readonly #items = new Map<string, Item>();
  readonly #listeners: CatalogueListener[] = [];
  #cursor: string | undefined;
  #generation = 0;
  /** The next moment at which some item expires; then the generation moves by itself. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(store: CatalogStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get size(): number {
    return this.#items.size;
  }

  get generation(): number {
    return this.#generation;
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

  /** Takes over what changed since the last call; resolves to whether anything did. */
  async refresh(): Promise<boolean> {
    const before = this.#generation;
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
      if (page.changes.length > 0) this.#generation++;
      more = page.more;
    }
    if (this.#now() >= this.#nextExpiry) this.#generation++;
    if (this.#generation !== before) this.#planExpiry();
    return this.#generation !== before;
  }

  async #reload(): Promise<void> {
    const gone = new Set(this.#items.keys());
    for await (const item of this.#store.scan()) {
      this.#take(item.id, item);
      gone.delete(item.id);
    }
    for (const id of gone) this.#take(id, undefined);
    this.#generation++;
  }

  #take(id: string, after: Item | undefined): void {
    const before = this.#items.get(id);
    if (after === undefined) this.#items.delete(id);
    else this.#items.set(id, after);
    for (const listener of this.#listeners) listener(before, after);
  }

  #planExpiry(): void {
    const now = this.#now();
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const { expiresAt } of this.#items.values()) {
      const at = expiresAt === undefined ? Number.NaN : Date.parse(expiresAt);
      if (at > now && at < this.#nextExpiry) this.#nextExpiry = at;
    }
  }
}
