import type { Item } from "@endcap/protocol";
import { titleWords } from "./title-words.ts";

/** Items kept for one word or category; one that a million items share must not cost a million steps. */
const postingsMax = 500;

type Kind = "category" | "title";

interface Posting {
  readonly kind: Kind;
  /** Slots, the latest last; what is pushed out at `postingsMax` is the oldest. */
  slots: number[];
  /** Items that have it, also those that were pushed out. */
  count: number;
}

/** What `sharedWith` found: the first `count` entries, valid until it is asked again. */
export interface Shared {
  count: number;
  readonly slots: Int32Array;
  /** For each kind the shared part of the seed's weight. */
  readonly scores: Float64Array;
}

/**
 * Which items have which words and categories, kept item by item, by the slots of the catalogue, so that a walk adds up in
 * an array.
 */
export class Postings {
  readonly #byKey = new Map<string, Posting>();
  #size = 0;
  #sums = new Float64Array(1_024);
  readonly #sharedMax: number;
  readonly #shared: Shared;

  /** `sharedMax`: postings walked for one seed, rarest first, which bounds what is shared with it. */
  constructor(sharedMax: number) {
    this.#sharedMax = sharedMax;
    this.#shared = { count: 0, slots: new Int32Array(sharedMax), scores: new Float64Array(sharedMax) };
  }

  get size(): number {
    return this.#size;
  }

  add(slot: number, item: Item): void {
    for (const [key, kind] of keysOf(item)) {
      let posting = this.#byKey.get(key);
      if (posting === undefined) {
        posting = { kind, slots: [], count: 0 };
        this.#byKey.set(key, posting);
      }
      posting.count++;
      posting.slots.push(slot);
      // Twice the bound before half of it goes: a shift for each item would move all of them each time.
      if (posting.slots.length === 2 * postingsMax) posting.slots.splice(0, postingsMax);
    }
    this.#size++;
    if (slot >= this.#sums.length) {
      const grown = new Float64Array(2 * slot);
      grown.set(this.#sums);
      this.#sums = grown;
    }
  }

  /** The item as it was added. */
  remove(slot: number, item: Item): void {
    for (const key of keysOf(item).keys()) {
      const posting = this.#byKey.get(key);
      if (posting === undefined) continue;
      if (--posting.count === 0) this.#byKey.delete(key);
      const at = posting.slots.lastIndexOf(slot);
      if (at >= 0) posting.slots.splice(at, 1);
    }
    this.#size--;
  }

  /** A list that grew keeps room for sixteen more, and most words are in one or two titles. */
  trim(): void {
    for (const posting of this.#byKey.values()) posting.slots = posting.slots.slice();
  }

  /** Items that share words or categories with the one in `slot`, whether it is in here or not; itself left out. */
  sharedWith(slot: number, seed: Item, weights: Readonly<Record<Kind, number>>): Shared {
    const whole = { category: 0, title: 0 };
    const known: { posting: Posting; rarity: number }[] = [];
    for (const [key, kind] of keysOf(seed)) {
      const posting = this.#byKey.get(key);
      const rarity = Math.log(1 + (this.size + 1) / (posting?.count ?? 1));
      whole[kind] += rarity;
      if (posting !== undefined) known.push({ posting, rarity });
    }

    const sums = this.#sums;
    const { slots, scores } = this.#shared;
    let count = 0;
    let left = this.#sharedMax;
    for (const { posting, rarity } of known.sort((a, b) => b.rarity - a.rarity)) {
      const share = (weights[posting.kind] * rarity) / whole[posting.kind];
      for (const other of posting.slots) {
        if (left-- <= 0) break;
        if (other === slot) continue;
        const sum = sums[other] as number;
        if (sum === 0) slots[count++] = other;
        sums[other] = sum + share;
      }
    }
    for (let n = 0; n < count; n++) {
      const other = slots[n] as number;
      scores[n] = sums[other] as number;
      sums[other] = 0;
    }
    this.#shared.count = count;
    return this.#shared;
  }
}

/** Whether two states of an item stand under the same words and categories. */
export function sameKeys(a: Item, b: Item): boolean {
  return a === b || (a.title === b.title && JSON.stringify(a.categories) === JSON.stringify(b.categories));
}

/** The words of the title and every prefix of every category path. */
function keysOf(item: Item): Map<string, Kind> {
  const keys = new Map<string, Kind>();
  for (const word of titleWords(item.title)) keys.set(`t${word}`, "title");
  for (const path of item.categories) {
    for (let depth = 1; depth <= path.length; depth++) keys.set(`c${path.slice(0, depth).join("\0")}`, "category");
  }
  return keys;
}
