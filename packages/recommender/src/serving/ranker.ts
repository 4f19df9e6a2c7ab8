import type { Item } from "@endcap/protocol";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { SimilarItems } from "../catalogue/similar-items.ts";
import { createList, type ListOptions, type Model, type RankedList, reasons } from "../model/index.ts";
import type { History } from "./history.ts";
import { ItemView } from "./item-view.ts";
import type { RankRules } from "./rules.ts";

/** Why an entry is on the list: a code of the model, or what only the catalogue or the history can say. */
export type Cause =
  | "viewed"
  | "inSession"
  | "boughtTogether"
  | "popular"
  | "trending"
  | "similar"
  | "new"
  | "recent"
  | "pinned";

export interface Ranked {
  readonly id: string;
  readonly score: number;
  readonly cause: Cause;
  /** The item that spoke for it. */
  readonly source: string | undefined;
}

/** Newest items of a history that ranking looks at. */
const sessionItemsMax = 50;
/** Ranked for each entry that is wanted, so that variants can collapse and the list stays full. */
const variantsOverfetch = 4;
const listMax = 4_400;
/** Ranked when a rule reorders: a boost lifts an item from anywhere within. */
const boostReach = 200;

const causes: Readonly<Record<number, Cause>> = {
  [reasons.viewed]: "viewed",
  [reasons.inSession]: "inSession",
  [reasons.boughtTogether]: "boughtTogether",
  [reasons.popular]: "popular",
  [reasons.trending]: "trending",
};

/** Turns rules and a history into a list of ids. Synchronous: one request at a time, scratch memory shared by all. */
export class Ranker {
  readonly #catalogue: Catalogue;
  readonly #similar: SimilarItems;
  readonly #list: RankedList = createList(listMax);
  readonly #session = new Int32Array(sessionItemsMax);
  #view: ItemView | undefined;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#similar = new SimilarItems(catalogue);
  }

  /** Entries `offset` to `offset + limit` of the strategy's list. Without a model the catalogue alone speaks. */
  rank(model: Model | undefined, rules: RankRules, history: History): Ranked[] {
    const wanted = rules.offset + rules.limit;
    const banned = this.#banned(rules, history);
    const { merchandising } = rules;
    const reach = Math.max(
      rules.collapseVariants ? Math.min(wanted * variantsOverfetch, listMax) : wanted,
      merchandising.reorders ? boostReach : 0,
    );
    const ranked = this.#strategy(model, rules, history, banned, reach);
    const varied = rules.collapseVariants ? this.#collapse(ranked, rules, reach) : ranked;
    const ordered = merchandising.apply(
      varied,
      (id) => this.#catalogue.get(id),
      (id) => !banned.has(id) && this.#mayShow(id, rules),
    );
    return ordered.slice(rules.offset, wanted);
  }

  /** The most popular servable items, for the fallback list. */
  popular(model: Model | undefined, limit: number): Item[] {
    if (model === undefined) return this.#similar.newest(limit, () => true);
    model.popular({ limit, accept: this.#viewOf(model).servable }, this.#list);
    const items: Item[] = [];
    for (let i = 0; i < this.#list.count; i++) {
      const item = this.#catalogue.get(model.idOf(this.#list.items[i] as number));
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #strategy(
    model: Model | undefined,
    rules: RankRules,
    history: History,
    banned: ReadonlySet<string>,
    limit: number,
  ): Ranked[] {
    if (rules.strategy === "recently_viewed") return this.#recentlyViewed(rules, history, banned, limit);
    if (model === undefined) return this.#withoutModel(rules, history, banned, limit);
    const { servable } = this.#viewOf(model);
    const options: ListOptions = {
      limit,
      accept: servable,
      acceptAlso: rules.filter && this.#viewOf(model).matching(rules.filter.key, rules.filter.matches),
      exclude: Int32Array.from(banned, (id) => model.indexOf(id)),
    };
    const out = this.#list;
    const session = this.#sessionOf(model, history);
    switch (rules.strategy) {
      case "related_items":
      case "bought_together": {
        const items = rules.items.map((id) => model.indexOf(id)).filter((index) => index >= 0);
        if (items.length === 0) return this.#withoutModel(rules, history, banned, limit);
        if (rules.strategy === "bought_together") model.boughtTogether(items, options, out);
        else if (items.length === 1) model.related(items[0] as number, options, out);
        else model.rank({ items: Int32Array.from(items), count: items.length }, { ...options, repeats: false }, out);
        break;
      }
      case "personalized_ranking":
        return this.#personalized(model, rules, session, options);
      case "trending":
        model.trending(options, out);
        break;
      default:
        model.rank(session, { ...options, repeats: rules.repeats }, out);
    }
    return this.#entries(model, out);
  }

  /** Given ids that the model does not know keep their order behind those it does. */
  #personalized(
    model: Model,
    rules: RankRules,
    session: { items: Int32Array; count: number },
    options: ListOptions,
  ): Ranked[] {
    model.score(
      session,
      rules.items.map((id) => model.indexOf(id)),
      { ...options, repeats: true },
      this.#list,
    );
    const ranked = this.#entries(model, this.#list);
    const unknown = rules.items.filter(
      (id) => model.indexOf(id) < 0 && !rules.exclude.has(id) && this.#mayShow(id, rules),
    );
    return [...ranked, ...unknown.map((id): Ranked => ({ id, score: 0, cause: "new", source: undefined }))].slice(
      0,
      options.limit,
    );
  }

  #recentlyViewed(rules: RankRules, history: History, banned: ReadonlySet<string>, limit: number): Ranked[] {
    const found: Ranked[] = [];
    for (const id of history.seen) {
      if (found.length >= limit) break;
      if (!banned.has(id) && this.#mayShow(id, rules))
        found.push({ id, score: 1 / (1 + found.length), cause: "recent", source: undefined });
    }
    return found;
  }

  #withoutModel(rules: RankRules, history: History, banned: ReadonlySet<string>, limit: number): Ranked[] {
    const accept = (item: Item) => !banned.has(item.id) && (rules.filter?.matches(item) ?? true);
    if (rules.strategy === "personalized_ranking") {
      return rules.items
        .filter((id) => !banned.has(id) && this.#mayShow(id, rules))
        .slice(0, limit)
        .map((id) => ({ id, score: 0, cause: "new", source: undefined }));
    }
    const seedIds =
      rules.items.length > 0 ? rules.items : rules.strategy === "trending" ? [] : [...history.seen].slice(0, 5);
    const seeds = seedIds.map((id) => this.#catalogue.get(id)).filter((item) => item !== undefined);
    const found: Ranked[] = this.#similar
      .similarTo(seeds, limit, accept)
      .map(({ item, seed }, index) => ({ id: item.id, score: 1 / (1 + index), cause: "similar", source: seed.id }));
    const listed = new Set(found.map(({ id }) => id));
    for (const item of this.#similar.newest(limit + listed.size, (each) => accept(each) && !listed.has(each.id))) {
      if (found.length >= limit) break;
      found.push({ id: item.id, score: 1 / (1 + found.length), cause: "new", source: undefined });
    }
    return found;
  }

  /** What must not be on the list whatever its score. */
  #banned(rules: RankRules, history: History): ReadonlySet<string> {
    const banned = new Set(rules.exclude);
    if (rules.strategy === "related_items" || rules.strategy === "bought_together")
      for (const id of rules.items) banned.add(id);
    if (!rules.repeats && rules.strategy !== "recently_viewed" && rules.strategy !== "personalized_ranking")
      for (const id of history.seen) banned.add(id);
    if (rules.excludePurchased) for (const id of history.purchased) banned.add(id);
    return banned;
  }

  /** Keeps the best of each group of variants; what was left out fills the end, so that the list never comes back short. */
  #collapse(ranked: readonly Ranked[], rules: RankRules, wanted: number): Ranked[] {
    const groups = new Set<string>();
    for (const id of rules.strategy === "personalized_ranking" ? [] : rules.items) {
      const group = this.#catalogue.get(id)?.groupId;
      if (group !== undefined) groups.add(group);
    }
    const kept: Ranked[] = [];
    const left: Ranked[] = [];
    for (const entry of ranked) {
      const group = this.#catalogue.get(entry.id)?.groupId;
      if (group === undefined || !groups.has(group)) kept.push(entry);
      else left.push(entry);
      if (group !== undefined) groups.add(group);
    }
    return kept.length >= wanted ? kept : [...kept, ...left];
  }

  #mayShow(id: string, rules: RankRules): boolean {
    const item = this.#catalogue.get(id);
    if (item === undefined) return this.#catalogue.size === 0 && rules.filter === undefined;
    return this.#catalogue.isServable(item) && (rules.filter?.matches(item) ?? true);
  }

  #viewOf(model: Model): ItemView {
    if (this.#view?.model !== model || this.#view.generation !== this.#catalogue.generation)
      this.#view = new ItemView(model, this.#catalogue);
    return this.#view;
  }

  #sessionOf(model: Model, { session }: History): { items: Int32Array; count: number } {
    let count = 0;
    for (const id of session.slice(-sessionItemsMax)) this.#session[count++] = model.indexOf(id);
    return { items: this.#session, count };
  }

  #entries(model: Model, list: RankedList): Ranked[] {
    const entries: Ranked[] = [];
    for (let i = 0; i < list.count; i++) {
      const source = list.source[i] as number;
      entries.push({
        id: model.idOf(list.items[i] as number),
        score: list.scores[i] as number,
        cause: causes[list.why[i] as number] ?? "popular",
        source: source < 0 ? undefined : model.idOf(source),
      });
    }
    return entries;
  }
}
