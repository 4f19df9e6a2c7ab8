import { setImmediate as nextTurn } from "node:timers/promises";
import type { Item } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";
import { Expiry } from "./expiry.ts";
import { PackedItems } from "./packed-items.ts";

/**
 * Told of every change: the item as it was and as it is, either of which may be missing. The same item twice: it has
 * expired, or no longer has. The slot of an item that goes is another's from the next change on.
 */
export type CatalogueListener = (slot: number, before: Item | undefined, after: Item | undefined) => void;

/** Changes taken over in one go, so that a large import never holds the event loop for long. */
const changesPerPage = 250;

/**
 * The tenant's catalogue in memory, kept fresh by the store's change feed. What is derived from items (bitmaps, filters,
 * lists) listens and follows item by item: a catalogue moves all the time, and nothing may start over with every price.
 *
 * An item has a slot, a small number, for as long as it is there: what is remembered of items is kept in arrays by slot.
 * What every request asks of many items has an array of its own; the rest is read from the item's text.
 */
export class Catalogue {
  readonly #store: CatalogStore;
  readonly #now: () => number;
  readonly #slotOf = new Map<string, number>();
  readonly #items = new PackedItems();
  readonly #ids: (string | undefined)[] = [];
  readonly #groups: (string | undefined)[] = [];
  readonly #free: number[] = [];
  #servable = new Uint8Array(1_024);
  readonly #listeners: CatalogueListener[] = [];
  readonly #expiry = new Expiry();
  #cursor: string | undefined;

  constructor(store: CatalogStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** It grows, and is never replaced. */
  get bySlot(): PackedItems {
    return this.#items;
  }

  /** `undefined`: the slot is free. */
  idAt(slot: number): string | undefined {
    return this.#ids[slot];
  }

  /** Which items are variants of one product. */
  groupAt(slot: number): string | undefined {
    return this.#groups[slot];
  }

  /** -1: there is no such item. */
  slotOf(id: string): number {
    return this.#slotOf.get(id) ?? -1;
  }

  get(id: string): Item | undefined {
    const slot = this.#slotOf.get(id);
    return slot === undefined ? undefined : this.#items.at(slot);
  }

  /** For what keeps an index of the items and must not walk them all after each change. */
  onChange(listener: CatalogueListener): void {
    this.#listeners.push(listener);
  }

  /** Whether an item may be shown at all: not hidden, not sold out, not expired at the last refresh. */
  isServable(slot: number): boolean {
    return this.#servable[slot] === 1;
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
    for (const id of this.#expiry.turned(this.#now())) {
      const item = this.get(id);
      this.#put(this.slotOf(id), item, item);
    }
  }

  async #reload(): Promise<void> {
    const gone = new Set(this.#slotOf.keys());
    for await (const item of this.#store.scan()) {
      this.#take(item.id, item);
      gone.delete(item.id);
    }
    for (const id of gone) this.#take(id, undefined);
  }

  #take(id: string, after: Item | undefined): void {
    const slot = this.#slotOf.get(id) ?? (after === undefined ? undefined : this.#slotFor(id));
    if (slot === undefined) return;
    const before = this.#items.at(slot);
    this.#items.put(slot, after);
    this.#ids[slot] = after && id;
    this.#groups[slot] = after?.groupId;
    this.#expiry.set(id, after?.expiresAt);
    if (after === undefined) this.#slotOf.delete(id);
    this.#put(slot, before, after);
    if (after === undefined) this.#free.push(slot);
  }

  #put(slot: number, before: Item | undefined, after: Item | undefined): void {
    this.#servable[slot] = after !== undefined && maySell(after, this.#now()) ? 1 : 0;
    for (const listener of this.#listeners) listener(slot, before, after);
  }

  #slotFor(id: string): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#slotOf.set(id, slot);
    if (slot >= this.#servable.length) {
      const grown = new Uint8Array(2 * this.#servable.length);
      grown.set(this.#servable);
      this.#servable = grown;
    }
    return slot;
  }
}

function maySell({ hidden, availability, expiresAt }: Item, now: number): boolean {
  if (hidden || availability === "out_of_stock") return false;
  return expiresAt === undefined || Date.parse(expiresAt) > now;
}
