import type { Item } from "@endcap/protocol";
import { titleWords } from "./title-words.ts";

/** Items kept for one word or category; one that a million items share must not cost a million steps. */
const postingsMax = 500;
/** Postings walked for one seed, rarest first. */
const walkedMax = 1_000;

type Kind = "category" | "title";

interface Posting {
  readonly key: string;
  readonly kind: Kind;
  /** Slots, the latest last; what is pushed out at `postingsMax` is the oldest. */
  readonly slots: number[];
  /** Items that have it, also those that were pushed out. */
  count: number;
}

/** What `sharedWith` found: valid until it is asked again. */
export interface Shared {
  readonly count: number;
  slotAt(n: number): number;
  /** For each kind the shared part of the seed's weight. */
  scoreAt(n: number): number;
}

/**
 * Which items have which words and categories, kept item by item. Items have slots, small numbers that are used again,
 * so that a walk adds up in an array.
 */
export class Postings {
  readonly #byKey = new Map<string, Posting>();
  readonly #slotOf = new Map<string, number>();
  readonly #items: (Item | undefined)[] = [];
  readonly #postings: (readonly Posting[])[] = [];
  readonly #free: number[] = [];
  #scores = new Float64Array(1_024);
  readonly #touched = new Int32Array(walkedMax);

  get size(): number {
    return this.#slotOf.size;
  }

  add(item: Item): void {
    const slot = this.#free.pop() ?? this.#items.length;
    const postings: Posting[] = [];
    for (const [key, kind] of keysOf(item)) {
      let posting = this.#byKey.get(key);
      if (posting === undefined) {
        posting = { key, kind, slots: [], count: 0 };
        this.#byKey.set(key, posting);
      }
      posting.count++;
      posting.slots.push(slot);
      // Twice the bound before half of it goes: a shift for each item would move all of them each time.
      if (posting.slots.length === 2 * postingsMax) posting.slots.splice(0, postingsMax);
      postings.push(posting);
    }
    this.#slotOf.set(item.id, slot);
    this.#items[slot] = item;
    this.#postings[slot] = postings;
    if (slot >= this.#scores.length) {
      const grown = new Float64Array(2 * this.#scores.length);
      grown.set(this.#scores);
      this.#scores = grown;
    }
  }

  remove(id: string): void {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return;
    for (const posting of this.#postings[slot] as readonly Posting[]) {
      if (--posting.count === 0) this.#byKey.delete(posting.key);
      const at = posting.slots.lastIndexOf(slot);
      if (at >= 0) posting.slots.splice(at, 1);
    }
    this.#slotOf.delete(id);
    this.#items[slot] = undefined;
    this.#postings[slot] = [];
    this.#free.push(slot);
  }

  /** The item has changed, but not its words and categories. */
  replace(item: Item): void {
    const slot = this.#slotOf.get(item.id);
    if (slot !== undefined) this.#items[slot] = item;
  }

  /** The item of a slot; good until something is added or removed. */
  itemIn(slot: number): Item {
    return this.#items[slot] as Item;
  }

  /** Items that share words or categories with `seed`, itself left out. */
  sharedWith(seed: Item, weights: Readonly<Record<Kind, number>>): Shared {
    const whole = { category: 0, title: 0 };
    const known: { posting: Posting; rarity: number }[] = [];
    const own = this.#slotOf.get(seed.id);
    for (const [key, kind] of keysOf(seed)) {
      const posting = this.#byKey.get(key);
      const rarity = Math.log(1 + (this.size + 1) / (posting?.count ?? 1));
      whole[kind] += rarity;
      if (posting !== undefined) known.push({ posting, rarity });
    }
    const [scores, touched] = [this.#scores, this.#touched];
    let count = 0;
    let left = walkedMax;
    for (const { posting, rarity } of known.sort((a, b) => b.rarity - a.rarity)) {
      const share = (weights[posting.kind] * rarity) / whole[posting.kind];
      for (const slot of posting.slots) {
        if (left-- <= 0) break;
        if (slot === own) continue;
        if (scores[slot] === 0) touched[count++] = slot;
        scores[slot] = (scores[slot] as number) + share;
      }
    }
    const found = Float64Array.from(touched.subarray(0, count), (slot) => scores[slot] as number);
    for (let n = 0; n < count; n++) scores[touched[n] as number] = 0;
    return {
      count,
      slotAt: (n) => touched[n] as number,
      scoreAt: (n) => found[n] as number,
    };
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
