import { LRUCache } from "lru-cache";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { FilterView } from "./filter-view.ts";
import type { CompiledFilter } from "./filters.ts";
import { ItemColumns } from "./item-columns.ts";

/** Distinct filters that are remembered; each costs a byte an item. */
const filtersMax = 64;

/** What the filters of the last requests say of a catalogue's items, kept as those change. */
export class CatalogueFilters {
  readonly #catalogue: Catalogue;
  readonly #columns: ItemColumns;
  readonly #views = new LRUCache<string, FilterView>({ max: filtersMax });

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#columns = new ItemColumns(catalogue.bySlot);
    catalogue.onChange((slot, _before, after) => {
      this.#columns.change(slot, after);
      for (const view of this.#views.values()) view.change(slot, after);
    });
  }

  viewOf(filter: CompiledFilter): FilterView {
    let view = this.#views.get(filter.key);
    if (view === undefined) {
      view = new FilterView(this.#catalogue.bySlot, this.#columns, filter);
      this.#views.set(filter.key, view);
    }
    return view;
  }
}
