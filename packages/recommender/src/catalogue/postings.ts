import type { Item } from "@endcap/protocol";
import { titleWords } from "./title-words.ts";

/** Items kept for one word or category; one that a million items share must not cost a million steps. */
const postingsMax = 500;
/** Postings walked for one seed, rarest first. */
const walkedMax = 1_000;

type Kind = "category" | "title";

interface Posting {
  /** Ids, the latest last; what is pushed out at `postingsMax` is the oldest. */
  readonly ids: string[];
  /** Items that have it, also those that were pushed out. */
  count: number;
}

/** Which items have which words and categories, kept item by item. */
export class Postings {
  readonly #byKey = new Map<string, Posting>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    this.#size++;
    for (const key of keysOf(item).keys()) {
      let posting = this.#byKey.get(key);
      if (posting === undefined) {
        posting = { ids: [], count: 0 };
        this.#byKey.set(key, posting);
      }
      posting.count++;
      posting.ids.push(item.id);
      // Twice the bound before half of it goes: a shift for each item would move all of them each time.
      if (posting.ids.length === 2 * postingsMax) posting.ids.splice(0, postingsMax);
    }
  }

  /** `item` as it was added. */
  remove(item: Item): void {
    this.#size--;
    for (const key of keysOf(item).keys()) {
      const posting = this.#byKey.get(key);
      if (posting === undefined) continue;
      if (--posting.count === 0) this.#byKey.delete(key);
      const at = posting.ids.lastIndexOf(item.id);
      if (at >= 0) posting.ids.splice(at, 1);
    }
  }

  /** Ids that share words or categories with `seed`, and how much: for each kind the shared part of the seed's weight. */
  sharedWith(seed: Item, weights: Readonly<Record<Kind, number>>): Map<string, number> {
    const known = [...keysOf(seed)].map(([key, kind]) => {
      const posting = this.#byKey.get(key);
      return { kind, posting, rarity: Math.log(1 + (this.#size + 1) / (posting?.count ?? 1)) };
    });
    const whole = { category: 0, title: 0 };
    for (const { kind, rarity } of known) whole[kind] += rarity;
    const shared = new Map<string, number>();
    let left = walkedMax;
    for (const { kind, posting, rarity } of known.sort((a, b) => b.rarity - a.rarity)) {
      for (const id of posting?.ids ?? []) {
        if (left-- <= 0) return shared;
        shared.set(id, (shared.get(id) ?? 0) + (weights[kind] * rarity) / whole[kind]);
      }
    }
    return shared;
  }
}

/** Whether two states of an item stand under the same words and categories. */
export function sameKeys(a: Item, b: Item): boolean {
  return a.title === b.title && JSON.stringify(a.categories) === JSON.stringify(b.categories);
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
