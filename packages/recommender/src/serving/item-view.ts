import type { Item } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { ByUpdate } from "../catalogue/by-update.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Acceptance, Model } from "../model/index.ts";
import { FilterView } from "./filter-view.ts";
import type { CompiledFilter } from "./filters.ts";
import { ItemColumns } from "./item-columns.ts";

/** Distinct filters that are remembered; each costs a byte an item. */
const filtersMax = 64;

/**
 * The catalogue seen through a model's item indices. Made once for a model and told of every change after that, so that
 * a request only looks things up.
 */
export class ItemView {
  readonly model: Model;
  /** 1 = in the catalogue and servable. A shop that has sent no catalogue gets bare ids; one that has, only what is in it. */
  readonly servable: Uint8Array;
  readonly #catalogue: Catalogue;
  readonly #items: (Item | undefined)[];
  readonly #columns: ItemColumns;
  readonly #unknown = new ByUpdate();
  readonly #filters = new LRUCache<string, FilterView>({ max: filtersMax });
  #bare: boolean;

  constructor(model: Model, catalogue: Catalogue) {
    this.model = model;
    this.#catalogue = catalogue;
    this.#items = new Array<Item | undefined>(model.itemCount).fill(undefined);
    this.#columns = new ItemColumns(this.#items);
    this.#bare = catalogue.size === 0;
    this.servable = new Uint8Array(model.itemCount).fill(this.#bare ? 1 : 0);
    for (const item of catalogue.items()) this.change(undefined, item);
  }

  idOf(index: number): string {
    return this.#items[index]?.id ?? this.model.idOf(index);
  }

  itemAt(index: number): Item | undefined {
    return this.#items[index];
  }

  /** Items that the model does not know, most recently updated first; not all of them may be shown. */
  unknown(): Iterable<Item> {
    return this.#unknown.newestFirst();
  }

  accepting(filter: CompiledFilter): Acceptance {
    let view = this.#filters.get(filter.key);
    if (view === undefined) {
      view = new FilterView(this.#items, this.#columns, filter);
      this.#filters.set(filter.key, view);
    }
    return view;
  }

  change(before: Item | undefined, after: Item | undefined): void {
    const item = after ?? before;
    if (item === undefined) return;
    const index = this.model.indexOf(item.id);
    if (index < 0) {
      if (before !== undefined) this.#unknown.remove(before);
      if (after !== undefined) this.#unknown.add(after);
    } else {
      this.#items[index] = after;
      this.#columns.change(index, after);
      for (const filter of this.#filters.values()) filter.forget(index);
    }
    const bare = this.#catalogue.size === 0;
    if (bare !== this.#bare) this.servable.fill(bare ? 1 : 0);
    this.#bare = bare;
    if (index >= 0 && !bare) this.servable[index] = after !== undefined && this.#catalogue.isServable(after) ? 1 : 0;
  }
}
