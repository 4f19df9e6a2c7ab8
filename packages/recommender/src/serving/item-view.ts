import type { Item } from "@endcap/protocol";
import { ByUpdate } from "../catalogue/by-update.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Acceptance, Model } from "../model/index.ts";
import type { FilterView } from "./filter-view.ts";

const none = -1;

/**
 * The catalogue seen through a model's item indices. Made once for a model and told of every change after that, so that
 * a request only looks things up.
 */
export class ItemView {
  readonly model: Model;
  /** 1 = in the catalogue and servable. A shop that has sent no catalogue gets bare ids; one that has, only what is in it. */
  readonly servable: Uint8Array;
  readonly #catalogue: Catalogue;
  readonly #slots: Int32Array;
  /** By slot. */
  #indices = new Int32Array(0);
  readonly #unknown = new ByUpdate();
  readonly #filters = new WeakMap<FilterView, FilterOfModel>();
  #places: Int32Array | undefined;
  #bare: boolean;

  constructor(model: Model, catalogue: Catalogue) {
    this.model = model;
    this.#catalogue = catalogue;
    this.#slots = new Int32Array(model.itemCount).fill(none);
    this.#bare = catalogue.size === 0;
    this.servable = new Uint8Array(model.itemCount).fill(this.#bare ? 1 : 0);
    for (let slot = 0; slot < catalogue.bySlot.length; slot++) {
      const id = catalogue.idAt(slot);
      if (id === undefined) continue;
      const index = model.indexOf(id);
      this.#place(slot, index, true);
      if (index < 0) this.#unknown.add(slot, catalogue.bySlot.at(slot) as Item);
    }
  }

  /** The catalogue's slot of a model's item; -1: it is not there. */
  slotAt(index: number): number {
    return this.#slots[index] as number;
  }

  slotOf(id: string): number {
    return this.#catalogue.slotOf(id);
  }

  /** The model's index of what is in a slot; -1: it does not know it. */
  indexIn(slot: number): number {
    return this.#indices[slot] ?? none;
  }

  /** The model's index of an id. */
  indexOf(id: string): number {
    const slot = this.#catalogue.slotOf(id);
    return slot < 0 ? this.model.indexOf(id) : this.indexIn(slot);
  }

  idOf(index: number): string {
    const slot = this.slotAt(index);
    return slot < 0 ? this.model.idOf(index) : (this.#catalogue.idAt(slot) as string);
  }

  itemAt(index: number): Item | undefined {
    const slot = this.slotAt(index);
    return slot < 0 ? undefined : this.#catalogue.bySlot.at(slot);
  }

  /** Slots of items that the model does not know, most recently updated first; not all of them may be shown. */
  unknown(): Iterable<number> {
    return this.#unknown.newestFirst();
  }

  /** A filter of the catalogue, for the model's items. */
  accepting(filter: FilterView): Acceptance {
    let known = this.#filters.get(filter);
    if (known === undefined) {
      known = new FilterOfModel(this, filter);
      this.#filters.set(filter, known);
    }
    return known;
  }

  /** Of slots, the model's indices, most popular first. */
  popularFirst(slots: Int32Array): Int32Array {
    this.#places ??= placesIn(this.model.parts.popularOrder);
    const places = this.#places;
    const known = slots.map((slot) => this.indexIn(slot)).filter((index) => index >= 0);
    return known.sort((a, b) => (places[a] as number) - (places[b] as number));
  }

  change(slot: number, before: Item | undefined, after: Item | undefined): void {
    const item = after ?? before;
    if (item === undefined) return;
    const index = this.model.indexOf(item.id);
    this.#place(slot, index, after !== undefined);
    if (index < 0) {
      if (before !== undefined) this.#unknown.remove(slot);
      if (after !== undefined) this.#unknown.add(slot, after);
    }
  }

  #place(slot: number, index: number, there: boolean): void {
    this.#setIndex(slot, there ? index : none);
    const bare = this.#catalogue.size === 0;
    if (bare !== this.#bare) this.servable.fill(bare ? 1 : 0);
    this.#bare = bare;
    if (index < 0) return;
    this.#slots[index] = there ? slot : none;
    if (!bare) this.servable[index] = there && this.#catalogue.isServable(slot) ? 1 : 0;
  }

  #setIndex(slot: number, index: number): void {
    if (slot >= this.#indices.length) {
      const grown = new Int32Array(Math.max(this.#catalogue.bySlot.length, 2 * this.#indices.length)).fill(none);
      grown.set(this.#indices);
      this.#indices = grown;
    }
    this.#indices[slot] = index;
  }
}

class FilterOfModel implements Acceptance {
  readonly #view: ItemView;
  readonly #filter: FilterView;
  #slots: Int32Array | undefined;
  #few: Int32Array | undefined;

  constructor(view: ItemView, filter: FilterView) {
    this.#view = view;
    this.#filter = filter;
  }

  accepts(index: number): boolean {
    return this.#filter.accepts(this.#view.slotAt(index));
  }

  get few(): Int32Array | undefined {
    const slots = this.#filter.few;
    if (slots !== this.#slots) {
      this.#slots = slots;
      this.#few = slots && this.#view.popularFirst(slots);
    }
    return this.#few;
  }
}

/** Where each item stands in an order of all items. */
function placesIn(order: Int32Array): Int32Array {
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place] as number] = place;
  return places;
}
