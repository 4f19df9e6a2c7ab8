import type { Item } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { ByUpdate } from "./by-update.ts";
import type { Catalogue } from "./catalogue.ts";
import { Postings, type Shared, sameKeys } from "./postings.ts";

export interface Similar {
  readonly item: Item;
  /** The seed it is most like. */
  readonly seed: Item;
}

/** How much each part of a likeness weighs; each is between 0 and 1 before. */
const weights = { category: 3, title: 3, brand: 0.5, price: 0.5 } as const;
/** Of those that share most, as many have their brand and price compared as well. */
const likenessMax = 200;

export interface SimilarItemsOptions {
  /** Neighbours remembered for one seed, before anything is filtered; 8 bytes each. */
  readonly neighboursMax: number;
  /** Seeds whose neighbours are remembered, the last asked for: a few of a shop's items are looked at most. */
  readonly seedsMax: number;
}

const defaults: SimilarItemsOptions = { neighboursMax: 100, seedsMax: 2_000 };

/** Slots of the postings, most alike first. */
interface Neighbours {
  readonly slots: Int32Array;
  readonly scores: Float32Array;
}

/**
 * Similarity by what the catalogue says: the words two titles share and the categories two items share, rare ones
 * counting more (inverse document frequency: Spärck Jones, 1972), the brand, the price band. It speaks for items that
 * nobody has looked at yet, and for shops that have no events.
 *
 * Kept item by item: a change of price or stock touches nothing, so a catalogue that moves every second costs nothing here.
 */
export class SimilarItems {
  readonly #catalogue: Catalogue;
  #includes: (item: Item) => boolean;
  #postings = new Postings();
  readonly #neighboursMax: number;
  readonly #neighbours: LRUCache<string, Neighbours>;
  #byUpdate = new ByUpdate();

  /** Only servable items for which `includes` holds are found. */
  constructor(catalogue: Catalogue, includes: (item: Item) => boolean = () => true, options = defaults) {
    this.#catalogue = catalogue;
    this.#neighboursMax = options.neighboursMax;
    this.#neighbours = new LRUCache({ max: options.seedsMax });
    this.#includes = includes;
    this.include(includes);
    catalogue.onChange((before, after) => this.#change(before, after));
  }

  /** Indexed items, whether or not they can be sold. */
  get size(): number {
    return this.#postings.size;
  }

  /** Another choice of items: walks the catalogue. */
  include(includes: (item: Item) => boolean): void {
    this.#includes = includes;
    this.#postings = new Postings();
    this.#neighbours.clear();
    this.#byUpdate = new ByUpdate();
    for (const item of this.#catalogue.items()) {
      if (!includes(item)) continue;
      this.#postings.add(item);
      this.#byUpdate.add(item);
    }
  }

  /**
   * Items most like `seeds`, best first, with the seed each is most like. Never the seeds themselves, nor their
   * variants. At most `neighboursMax` of a seed are known, so that few may be left of a narrow filter.
   */
  similarTo(seeds: readonly Item[], limit: number, accept: (item: Item) => boolean): Similar[] {
    const lists = seeds.map((seed): Reading => ({ seed, neighbours: this.#neighboursOf(seed), next: 0 }));
    // Each list is sorted, so the best of all is at the head of one: no more is looked at than is taken or refused.
    const looked = new Set(seeds.map(({ id }) => id));
    const groups = new Set(seeds.map(({ groupId }) => groupId).filter((id) => id !== undefined));
    const found: Similar[] = [];
    while (found.length < limit) {
      let head: Reading | undefined;
      for (const list of lists) if (scoreOf(list) > scoreOf(head)) head = list;
      if (head === undefined) break;
      const item = this.#postings.itemIn(head.neighbours.slots[head.next++] as number);
      if (looked.has(item.id)) continue;
      looked.add(item.id);
      if (item.groupId !== undefined && groups.has(item.groupId)) continue;
      if (this.#catalogue.isServable(item) && accept(item)) found.push({ item, seed: head.seed });
    }
    return found;
  }

  /** Servable items, most recently updated first: what a shop without any event can still show. */
  newest(limit: number, accept: (item: Item) => boolean): Item[] {
    const found: Item[] = [];
    for (const item of this.#byUpdate.newestFirst()) {
      if (found.length >= limit) break;
      if (this.#catalogue.isServable(item) && accept(item)) found.push(item);
    }
    return found;
  }

  #neighboursOf(seed: Item): Neighbours {
    let known = this.#neighbours.get(seed.id);
    if (known === undefined) {
      const shared = this.#postings.sharedWith(seed, weights);
      const least = shared.count > likenessMax ? nthScore(shared, likenessMax) : 0;
      const found: { slot: number; item: Item; score: number }[] = [];
      for (let n = 0; n < shared.count; n++) {
        if (shared.scoreAt(n) < least) continue;
        const item = this.#postings.itemIn(shared.slotAt(n));
        found.push({ slot: shared.slotAt(n), item, score: shared.scoreAt(n) + likeness(seed, item) });
      }
      found.sort((a, b) => b.score - a.score || (a.item.id < b.item.id ? -1 : 1));
      found.length = Math.min(found.length, this.#neighboursMax);
      known = {
        slots: Int32Array.from(found, ({ slot }) => slot),
        scores: Float32Array.from(found, ({ score }) => score),
      };
      this.#neighbours.set(seed.id, known);
    }
    return known;
  }

  #change(before: Item | undefined, after: Item | undefined): void {
    const was = before !== undefined && this.#includes(before);
    const is = after !== undefined && this.#includes(after);
    if (was) this.#byUpdate.remove(before);
    if (is) this.#byUpdate.add(after);
    if (was && is && sameKeys(before, after)) {
      this.#postings.replace(after);
      return;
    }
    if (was) this.#postings.remove(before.id);
    if (is) this.#postings.add(after);
    if (was || is) this.#neighbours.clear();
  }
}

interface Reading {
  readonly seed: Item;
  readonly neighbours: Neighbours;
  next: number;
}

/** Of the next neighbour; below all others when there is none. */
function scoreOf(reading: Reading | undefined): number {
  return reading?.neighbours.scores[reading.next] ?? Number.NEGATIVE_INFINITY;
}

/** The score that about `count` entries reach; what ties with the last of them reaches it as well. */
function nthScore(shared: Shared, count: number): number {
  const ascending = Float64Array.from({ length: shared.count }, (_, n) => shared.scoreAt(n)).sort();
  return ascending[ascending.length - count] ?? 0;
}

function likeness(a: Item, b: Item): number {
  const brand = a.brand !== undefined && a.brand === b.brand ? weights.brand : 0;
  const [x, y] = [Number(a.price), Number(b.price)];
  const band = x === y ? 1 : Math.min(x, y) / Math.max(x, y);
  return brand + weights.price * (Number.isFinite(band) ? band : 0);
}
