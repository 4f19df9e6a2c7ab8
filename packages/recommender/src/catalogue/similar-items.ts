import type { Item } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { nthLargest } from "../nth-largest.ts";
import { ByUpdate } from "./by-update.ts";
import type { Catalogue } from "./catalogue.ts";
import { Postings, type Shared, sameKeys } from "./postings.ts";

/** Both are slots of the catalogue. */
export interface Similar {
  readonly slot: number;
  /** The seed it is most like. */
  readonly seed: number;
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
  /** Items looked at for one seed, those that share its rarest words and categories first. */
  readonly sharedMax: number;
}

const defaults: SimilarItemsOptions = { neighboursMax: 100, seedsMax: 2_000, sharedMax: 1_000 };

/** Slots, most alike first. */
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
  #includes: (id: string) => boolean;
  #postings: Postings;
  readonly #sharedMax: number;
  readonly #neighboursMax: number;
  /** By the slot of the seed. */
  readonly #neighbours: LRUCache<number, Neighbours>;
  readonly #sorting: Float64Array;
  #prices = new Float64Array(1_024);
  /** 0: none. */
  #brands = new Int32Array(1_024);
  #brandCodes = new Map<string, number>();
  #byUpdate = new ByUpdate();

  /** Only servable items for which `includes` holds are found. */
  constructor(catalogue: Catalogue, includes: (id: string) => boolean = () => true, options = defaults) {
    this.#catalogue = catalogue;
    this.#sharedMax = options.sharedMax;
    this.#neighboursMax = options.neighboursMax;
    this.#sorting = new Float64Array(options.sharedMax);
    this.#postings = new Postings(options.sharedMax);
    this.#neighbours = new LRUCache({ max: options.seedsMax });
    this.#includes = includes;
    this.include(includes);
    catalogue.onChange((slot, before, after) => this.#change(slot, before, after));
  }

  /** Indexed items, whether or not they can be sold. */
  get size(): number {
    return this.#postings.size;
  }

  /** Another choice of items: walks the catalogue. */
  include(includes: (id: string) => boolean): void {
    this.#includes = includes;
    this.#postings = new Postings(this.#sharedMax);
    this.#neighbours.clear();
    this.#byUpdate = new ByUpdate();
    this.#brandCodes = new Map();
    const items = this.#catalogue.bySlot;
    for (let slot = 0; slot < items.length; slot++) {
      const id = this.#catalogue.idAt(slot);
      if (id === undefined || !includes(id)) continue;
      const item = items.at(slot) as Item;
      this.#postings.add(slot, item);
      this.#byUpdate.add(slot, item);
      this.#setFacts(slot, item);
    }
  }

  /**
   * Items most like those in `seeds`, best first, with the seed each is most like. Never the seeds themselves, nor their
   * variants. At most `neighboursMax` of a seed are known, so that few may be left of a narrow filter.
   */
  similarTo(seeds: readonly number[], limit: number, accept: (slot: number) => boolean): Similar[] {
    const catalogue = this.#catalogue;
    const lists = seeds.map((seed): Reading => ({ seed, neighbours: this.#neighboursOf(seed), next: 0 }));
    // Each list is sorted, so the best of all is at the head of one: no more is looked at than is taken or refused.
    const taken = new Set(seeds);
    const groups = new Set(seeds.map((seed) => catalogue.groupAt(seed)).filter((id) => id !== undefined));
    const found: Similar[] = [];
    while (found.length < limit) {
      let head: Reading | undefined;
      for (const list of lists) if (scoreOf(list) > scoreOf(head)) head = list;
      if (head === undefined) break;
      const slot = head.neighbours.slots[head.next++] as number;
      if (!catalogue.isServable(slot) || !accept(slot) || taken.has(slot)) continue;
      taken.add(slot);
      const group = catalogue.groupAt(slot);
      if (group === undefined || !groups.has(group)) found.push({ slot, seed: head.seed });
    }
    return found;
  }

  /** Slots of servable items, most recently updated first: what a shop without any event can still show. */
  newest(limit: number, accept: (slot: number) => boolean): number[] {
    const found: number[] = [];
    for (const slot of this.#byUpdate.newestFirst()) {
      if (found.length >= limit) break;
      if (this.#catalogue.isServable(slot) && accept(slot)) found.push(slot);
    }
    return found;
  }

  /** Gives the neighbours and all spare room back: for when nobody asks. */
  forget(): void {
    this.#neighbours.clear();
    this.#postings.trim();
  }

  #neighboursOf(seed: number): Neighbours {
    let known = this.#neighbours.get(seed);
    if (known === undefined) {
      known = this.#findNeighbours(seed, this.#catalogue.bySlot.at(seed) as Item);
      this.#neighbours.set(seed, known);
    }
    return known;
  }

  #findNeighbours(slot: number, seed: Item): Neighbours {
    const shared = this.#postings.sharedWith(slot, seed, weights);
    const price = Number(seed.price);
    const brand = this.#brandCode(seed.brand);
    const least = this.#leastOf(shared, likenessMax);
    let count = 0;
    for (let n = 0; n < shared.count; n++) {
      const score = shared.scores[n] as number;
      if (score < least) continue;
      const other = shared.slots[n] as number;
      shared.slots[count] = other;
      shared.scores[count++] = score + this.#likeness(brand, price, other);
    }
    shared.count = count;
    const enough = this.#leastOf(shared, this.#neighboursMax);
    const found: { slot: number; score: number; id: string }[] = [];
    for (let n = 0; n < count; n++) {
      const [other, score] = [shared.slots[n] as number, shared.scores[n] as number];
      if (score >= enough) found.push({ slot: other, score, id: this.#catalogue.idAt(other) as string });
    }
    found.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    found.length = Math.min(found.length, this.#neighboursMax);
    return {
      slots: Int32Array.from(found, ({ slot: other }) => other),
      scores: Float32Array.from(found, ({ score }) => score),
    };
  }

  /** The score that the best `count` reach; what ties with the last of them reaches it as well. */
  #leastOf({ count, scores }: Shared, most: number): number {
    if (count <= most) return Number.NEGATIVE_INFINITY;
    this.#sorting.set(scores.subarray(0, count));
    return nthLargest(this.#sorting, count, most);
  }

  #change(slot: number, before: Item | undefined, after: Item | undefined): void {
    const was = before !== undefined && this.#includes(before.id);
    const is = after !== undefined && this.#includes(after.id);
    if (was) this.#byUpdate.remove(slot);
    if (is) {
      this.#byUpdate.add(slot, after);
      this.#setFacts(slot, after);
    }
    if (before !== undefined && after !== undefined && sameKeys(before, after)) return;
    this.#neighbours.delete(slot);
    if (was) this.#postings.remove(slot, before);
    if (is) this.#postings.add(slot, after);
    if (was || is) this.#neighbours.clear();
  }

  #likeness(brand: number, price: number, other: number): number {
    const otherPrice = this.#prices[other] as number;
    const band = price === otherPrice ? 1 : Math.min(price, otherPrice) / Math.max(price, otherPrice);
    const sameBrand = brand !== 0 && brand === this.#brands[other];
    return (sameBrand ? weights.brand : 0) + weights.price * (Number.isFinite(band) ? band : 0);
  }

  #setFacts(slot: number, { price, brand }: Item): void {
    if (slot >= this.#prices.length) {
      const prices = new Float64Array(2 * slot);
      prices.set(this.#prices);
      this.#prices = prices;
      const brands = new Int32Array(2 * slot);
      brands.set(this.#brands);
      this.#brands = brands;
    }
    this.#prices[slot] = Number(price);
    this.#brands[slot] = this.#brandCode(brand);
  }

  #brandCode(brand: string | undefined): number {
    if (brand === undefined) return 0;
    let code = this.#brandCodes.get(brand);
    if (code === undefined) {
      code = this.#brandCodes.size + 1;
      this.#brandCodes.set(brand, code);
    }
    return code;
  }
}

interface Reading {
  readonly seed: number;
  readonly neighbours: Neighbours;
  next: number;
}

/** Of the next neighbour; below all others when there is none. */
function scoreOf(reading: Reading | undefined): number {
  return reading?.neighbours.scores[reading.next] ?? Number.NEGATIVE_INFINITY;
}
