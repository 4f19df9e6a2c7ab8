import type { Item } from "@endcap/protocol";
import type { Catalogue } from "./catalogue.ts";

/** Items of one category that are looked at; a category of a million items must not cost a million steps. */
const postingsMax = 2000;

/**
 * Similarity by what the catalogue says: the categories an item shares with another (deep ones count more), the brand,
 * the price band. It speaks for items that nobody has looked at yet, and for shops that have no events.
 */
export class SimilarItems {
  readonly #catalogue: Catalogue;
  #generation = -1;
  #byCategory = new Map<string, Item[]>();
  #newest: Item[] = [];

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Ids of servable items most like `seeds`, best first, with the seed each is most like. Never the seeds themselves. */
  similarTo(seeds: readonly Item[], limit: number, accept: (item: Item) => boolean): { item: Item; seed: Item }[] {
    this.#index();
    const best = new Map<Item, { score: number; seed: Item }>();
    for (const seed of seeds) {
      for (const key of categoryKeys(seed)) {
        for (const item of this.#byCategory.get(key.name) ?? []) {
          if (seeds.includes(item) || (seed.groupId !== undefined && item.groupId === seed.groupId) || !accept(item))
            continue;
          const score = key.weight + likeness(seed, item);
          if (score > (best.get(item)?.score ?? 0)) best.set(item, { score, seed });
        }
      }
    }
    return [...best]
      .sort(([a, x], [b, y]) => y.score - x.score || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(([item, { seed }]) => ({ item, seed }));
  }

  /** Servable items, most recently updated first: what a shop without any event can still show. */
  newest(limit: number, accept: (item: Item) => boolean): Item[] {
    this.#index();
    const found: Item[] = [];
    for (const item of this.#newest) {
      if (found.length >= limit) break;
      if (accept(item)) found.push(item);
    }
    return found;
  }

  #index(): void {
    if (this.#generation === this.#catalogue.generation) return;
    this.#generation = this.#catalogue.generation;
    this.#byCategory = new Map();
    this.#newest = [];
    for (const item of this.#catalogue.items()) {
      if (!this.#catalogue.isServable(item)) continue;
      this.#newest.push(item);
      for (const { name } of categoryKeys(item)) {
        const postings = this.#byCategory.get(name);
        if (postings === undefined) this.#byCategory.set(name, [item]);
        else if (postings.length < postingsMax) postings.push(item);
      }
    }
    this.#newest.sort((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt) || (a.id < b.id ? -1 : 1));
  }
}

/** Every prefix of every category path, deeper ones weighing more. */
function categoryKeys(item: Item): { name: string; weight: number }[] {
  return item.categories.flatMap((path) =>
    path.map((_, depth) => ({ name: path.slice(0, depth + 1).join("\0"), weight: depth + 1 })),
  );
}

function likeness(a: Item, b: Item): number {
  const brand = a.brand !== undefined && a.brand === b.brand ? 0.5 : 0;
  const [low, high] = [Number(a.price), Number(b.price)].sort((x, y) => x - y) as [number, number];
  return brand + (high > 0 ? 0.5 * (low / high) : 0.5);
}
