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
/** Neighbours remembered for one seed, before anything is filtered. */
const neighboursMax = 100;
/** Those of which the brand and the price are compared as well: the ones that share most. */
const likenessMax = 200;
const seedsRemembered = 2_000;

interface Neighbour {
  readonly id: string;
  readonly score: number;
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
  readonly #neighbours = new LRUCache<string, readonly Neighbour[]>({ max: seedsRemembered });
  #byUpdate = new ByUpdate();

  /** Only servable items for which `includes` holds are found. */
  constructor(catalogue: Catalogue, includes: (item: Item) => boolean = () => true) {
    this.#catalogue = catalogue;
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
    const lists = seeds.map((seed) => ({ seed, neighbours: this.#neighboursOf(seed), next: 0 }));
    // Each list is sorted, so the best of all is at the head of one: no more is looked at than is taken or refused.
    const looked = new Set(seeds.map(({ id }) => id));
    const groups = new Set(seeds.map(({ groupId }) => groupId).filter((id) => id !== undefined));
    const found: Similar[] = [];
    while (found.length < limit) {
      let head: (typeof lists)[number] | undefined;
      for (const list of lists) if (before(list, head)) head = list;
      const neighbour = head?.neighbours[head.next];
      if (head === undefined || neighbour === undefined) break;
      head.next++;
      if (looked.has(neighbour.id)) continue;
      looked.add(neighbour.id);
      const item = this.#catalogue.get(neighbour.id);
      if (item === undefined || (item.groupId !== undefined && groups.has(item.groupId))) continue;
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

  #neighboursOf(seed: Item): readonly Neighbour[] {
    let known = this.#neighbours.get(seed.id);
    if (known === undefined) {
      const shared = this.#postings.sharedWith(seed, weights);
      const least = shared.count > likenessMax ? nthScore(shared, likenessMax) : 0;
      const found: Neighbour[] = [];
      for (let n = 0; n < shared.count; n++) {
        if (shared.scoreAt(n) < least) continue;
        const item = shared.itemAt(n);
        found.push({ id: item.id, score: shared.scoreAt(n) + likeness(seed, item) });
      }
      known = found.sort(better).slice(0, neighboursMax);
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

const better = (a: Neighbour, b: Neighbour): number => b.score - a.score || (a.id < b.id ? -1 : 1);

interface Reading {
  readonly neighbours: readonly Neighbour[];
  readonly next: number;
}

/** Whether the head of `a` comes before that of `b`; a list that is at its end comes before none. */
function before(a: Reading, b: Reading | undefined): boolean {
  const mine = a.neighbours[a.next];
  const other = b?.neighbours[b.next];
  return mine !== undefined && (other === undefined || better(mine, other) < 0);
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
