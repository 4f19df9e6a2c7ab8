import type { Item } from "@endcap/protocol";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { createList, type ListOptions, type Model, type RankedList, reasons } from "../model/index.ts";
import type { FilterView } from "./filter-view.ts";
import type { History } from "./history.ts";
import { ItemView } from "./item-view.ts";
import type { Cause, Ranked } from "./ranked.ts";

export const listMax = 4_400;
/** Newest items of a history that ranking looks at. */
const sessionItemsMax = 50;
/** Newest entries of a history that its next visit is ranked by. */
const pastMax = 600;

const causes: Readonly<Record<number, Cause>> = {
  [reasons.viewed]: "viewed",
  [reasons.inSession]: "inSession",
  [reasons.boughtTogether]: "boughtTogether",
  [reasons.popular]: "popular",
  [reasons.trending]: "trending",
};

/** One request's questions to one model, in ids: what may be shown is told once. */
export class ModelLists {
  readonly model: Model;
  readonly #view: ItemView;
  readonly #out: RankedList;
  readonly #session: Int32Array;
  readonly #options: Omit<ListOptions, "limit">;

  constructor(view: ItemView, out: RankedList, session: Int32Array, options: Omit<ListOptions, "limit">) {
    this.model = view.model;
    this.#view = view;
    this.#out = out;
    this.#session = session;
    this.#options = options;
  }

  knows(id: string): boolean {
    return this.#view.indexOf(id) >= 0;
  }

  /** The catalogue's. */
  slotOf(id: string): number {
    return this.#view.slotOf(id);
  }

  /** Whether anybody ever looked at it: then the model has something to say about it. */
  speaksFor(id: string): boolean {
    return this.#speaksFor(this.#view.indexOf(id));
  }

  speaksForSlot(slot: number): boolean {
    return this.#speaksFor(this.#view.indexIn(slot));
  }

  #speaksFor(index: number): boolean {
    return index >= 0 && (this.model.parts.tables.visits[index] ?? 0) > 0;
  }

  /** for_you by the items of one visit, newest last. Here and below `fillTo` is where popular items stop. */
  rank(items: readonly string[], limit: number, repeats: boolean, fillTo = limit): Ranked[] {
    this.model.rank(this.#sessionOf(items), { ...this.#options, limit, fillTo, repeats }, this.#out);
    return this.#entries();
  }

  /** for_you of somebody whose last visit is over, when the model knows what shoppers come back for. */
  nextVisit({ session, kinds, visits }: History, limit: number, repeats: boolean, fillTo = limit): Ranked[] {
    const items = session.slice(-pastMax).map((id) => this.#view.indexOf(id));
    const past = { items, kinds: kinds.slice(-pastMax), visits: visits.slice(-pastMax), count: items.length };
    this.model.nextVisit(past, { ...this.#options, limit, fillTo, repeats }, this.#out);
    return this.#entries();
  }

  score(items: readonly string[], candidates: readonly string[], limit: number): Ranked[] {
    const indices = candidates.map((id) => this.#view.indexOf(id));
    this.model.score(this.#sessionOf(items), indices, { ...this.#options, limit, repeats: true }, this.#out);
    return this.#entries();
  }

  boughtTogether(items: readonly string[], limit: number, fillTo = limit): Ranked[] {
    const indices = items.map((id) => this.#view.indexOf(id)).filter((index) => index >= 0);
    this.model.boughtTogether(indices, { ...this.#options, limit, fillTo }, this.#out);
    return this.#entries();
  }

  trending(limit: number, fillTo = limit): Ranked[] {
    this.model.trending({ ...this.#options, limit, fillTo }, this.#out);
    return this.#entries();
  }

  #sessionOf(items: readonly string[]): { items: Int32Array; count: number } {
    let count = 0;
    for (const id of items.slice(-sessionItemsMax)) this.#session[count++] = this.#view.indexOf(id);
    return { items: this.#session, count };
  }

  #entries(): Ranked[] {
    const { count, items, scores, why, source } = this.#out;
    const entries: Ranked[] = [];
    for (let i = 0; i < count; i++) {
      const index = items[i] as number;
      const cause = causes[why[i] as number] ?? "popular";
      entries.push(new ModelEntry(this.#view, index, scores[i] as number, cause, source[i] as number));
    }
    return entries;
  }
}

/** Reads its ids when they are asked for: most entries of a list are only compared with others. */
class ModelEntry implements Ranked {
  readonly slot: number;
  readonly score: number;
  readonly cause: Cause;
  readonly #view: ItemView;
  readonly #index: number;
  readonly #source: number;

  constructor(view: ItemView, index: number, score: number, cause: Cause, source: number) {
    this.slot = view.slotAt(index);
    this.score = score;
    this.cause = cause;
    this.#view = view;
    this.#index = index;
    this.#source = source;
  }

  get id(): string {
    return this.#view.idOf(this.#index);
  }

  get source(): string | undefined {
    return this.#source < 0 ? undefined : this.#view.idOf(this.#source);
  }
}

/** Makes `ModelLists`, and keeps what they share from request to request: scratch memory and bitmaps. */
export class ModelDesk {
  readonly #catalogue: Catalogue;
  readonly #out = createList(listMax);
  readonly #session = new Int32Array(sessionItemsMax);
  #view: ItemView | undefined;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    catalogue.onChange((slot, before, after) => this.#view?.change(slot, before, after));
  }

  listsOf(model: Model, filter: FilterView | undefined, banned: ReadonlySet<string>): ModelLists {
    const view = this.viewOf(model);
    return new ModelLists(view, this.#out, this.#session, {
      accept: view.servable,
      acceptAlso: filter && view.accepting(filter),
      exclude: Int32Array.from(banned, (id) => view.indexOf(id)),
    });
  }

  /** The most popular servable items. */
  popular(model: Model, limit: number): Item[] {
    const view = this.viewOf(model);
    model.popular({ limit, accept: view.servable }, this.#out);
    return Array.from(this.#out.items.subarray(0, this.#out.count), (index) => view.itemAt(index)).filter(
      (item) => item !== undefined,
    );
  }

  viewOf(model: Model): ItemView {
    if (this.#view?.model !== model) this.#view = new ItemView(model, this.#catalogue);
    return this.#view;
  }
}
