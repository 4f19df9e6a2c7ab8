import type { Item } from "@endcap/protocol";
import { LRUCache } from "lru-cache";

/** Items that are kept as objects as well, the last read: what shoppers look at most. About 2 KB each. */
const readMax = 1_000;

/**
 * A catalogue's items by slot, as JSON texts, a few of them as objects too. An item takes a fifth of the memory that way, the
 * collector has one string to look at instead of twenty objects, and an answer, which is JSON, takes it as it is.
 */
export class PackedItems {
  readonly #texts: (string | undefined)[] = [];
  readonly #read = new LRUCache<number, Item>({ max: readMax });

  /** Slots, those that are free included. */
  get length(): number {
    return this.#texts.length;
  }

  has(slot: number): boolean {
    return this.#texts[slot] !== undefined;
  }

  /** `undefined`: the slot is free. */
  at(slot: number): Item | undefined {
    const known = this.#read.get(slot);
    if (known !== undefined) return known;
    const text = this.#texts[slot];
    if (text === undefined) return undefined;
    const item = JSON.parse(text) as Item;
    this.#read.set(slot, item);
    return item;
  }

  /** The item as JSON. */
  textAt(slot: number): string | undefined {
    return this.#texts[slot];
  }

  put(slot: number, item: Item | undefined): void {
    this.#texts[slot] = item && JSON.stringify(item);
    this.#read.delete(slot);
  }

  /** Gives the memory of the objects back: for when nobody asks. */
  forget(): void {
    this.#read.clear();
  }
}
