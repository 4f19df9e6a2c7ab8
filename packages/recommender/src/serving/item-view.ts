import type { Item, ItemPredicate } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Model } from "../model/index.ts";

/** Distinct filters whose bitmaps are kept; each costs a byte an item. */
const filtersMax = 32;

/**
 * The catalogue seen through a model's item indices: bitmaps of what may be shown. Made anew when model or catalogue
 * change, so that a request only looks up bytes.
 */
export class ItemView {
  readonly model: Model;
  readonly generation: number;
  /** 1 = in the catalogue and servable. */
  readonly servable: Uint8Array;
  /** Servable items that the model does not know, most recently updated first. */
  readonly unknown: readonly Item[];
  readonly #catalogue: Catalogue;
  readonly #filters = new LRUCache<string, Uint8Array>({ max: filtersMax });

  constructor(model: Model, catalogue: Catalogue) {
    this.model = model;
    this.generation = catalogue.generation;
    this.#catalogue = catalogue;
    this.servable = new Uint8Array(model.itemCount);
    // A shop that has sent no catalogue gets bare ids; one that has, only what is in it.
    if (catalogue.size === 0) this.servable.fill(1);
    else this.#mark(this.servable, () => true);
    this.unknown = newestFirst(
      [...catalogue.items()].filter((item) => model.indexOf(item.id) < 0 && catalogue.isServable(item)),
    );
  }

  /** The bitmap of a compiled filter; `key` names the filter. */
  matching(key: string, matches: ItemPredicate): Uint8Array {
    const kept = this.#filters.get(key);
    if (kept !== undefined) return kept;
    const bitmap = new Uint8Array(this.model.itemCount);
    this.#mark(bitmap, matches);
    this.#filters.set(key, bitmap);
    return bitmap;
  }

  #mark(bitmap: Uint8Array, matches: ItemPredicate): void {
    for (const item of this.#catalogue.items()) {
      const index = this.model.indexOf(item.id);
      if (index >= 0 && this.#catalogue.isServable(item) && matches(item)) bitmap[index] = 1;
    }
  }
}

function newestFirst(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Date.parse(item.updatedAt) }))
    .sort((a, b) => b.at - a.at || (a.item.id < b.item.id ? -1 : 1))
    .map(({ item }) => item);
}
