import type { Item } from "@endcap/protocol";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { SimilarItems } from "../catalogue/similar-items.ts";
import type { LiveDelta } from "../live/live-delta.ts";
import type { Model } from "../model/index.ts";
import { sameCategory } from "./category.ts";
import { type Audience, Exploration } from "./exploration.ts";
import { bothFilters, type CompiledFilter } from "./filters.ts";
import { forYou, sellingNow, voiceMax } from "./for-you.ts";
import { fuse } from "./fuse.ts";
import type { History } from "./history.ts";
import { LiveLists } from "./live-lists.ts";
import { listMax, ModelDesk, type ModelLists } from "./model-lists.ts";
import type { Ranked } from "./ranked.ts";
import type { RankRules } from "./rules.ts";
import { collapseVariants } from "./variants.ts";

/** Ranked for each entry that is wanted, so that variants can collapse and the list stays full. */
const variantsOverfetch = 4;
/** Ranked when a rule reorders: a boost lifts an item from anywhere within. As many as the model reranks. */
const boostReach = 100;
/** Newest items of a history that similarity speaks for. */
const seedsMax = 3;
/** Strategies whose list stands beside the items in view, and never repeats them. */
const asideOfItems: ReadonlySet<string> = new Set(["related_items", "bought_together", "trending"]);

/** One request, resolved to what its list depends on. */
interface Query {
  readonly rules: RankRules;
  readonly history: History;
  readonly banned: ReadonlySet<string>;
  /** Whether an item that no model chose may be shown. */
  readonly allowed: (id: string) => boolean;
  /** Items that similarity starts from: those in view, or else the shopper's newest. */
  readonly seeds: readonly string[];
  /** Entries that are ranked. */
  readonly reach: number;
  /** Entries that the list needs; below `reach` where a rule only picks from the rest. */
  readonly needed: number;
}

/** Turns rules and a history into a list of ids. Synchronous: one request at a time, scratch memory shared by all. */
export class Ranker {
  readonly #catalogue: Catalogue;
  readonly #similar: SimilarItems;
  readonly #live: LiveLists;
  readonly #exploration: Exploration;
  readonly #desk: ModelDesk;

  /** A list may hold a new item in one of `exploreEvery` positions; 0: in none. */
  constructor(catalogue: Catalogue, delta: LiveDelta, exploreEvery: number) {
    this.#catalogue = catalogue;
    this.#similar = new SimilarItems(catalogue);
    this.#live = new LiveLists(delta);
    this.#exploration = new Exploration(catalogue, exploreEvery);
    this.#desk = new ModelDesk(catalogue);
  }

  /** Entries `offset` to `offset + limit` of the strategy's list. Without a model the catalogue alone speaks. */
  rank(model: Model | undefined, rules: RankRules, history: History, audience: Audience): Ranked[] {
    const wanted = rules.offset + rules.limit;
    const banned = this.#banned(rules, history);
    const { merchandising } = rules;
    const needed = rules.collapseVariants ? Math.min(wanted * variantsOverfetch, listMax) : wanted;
    const reach = Math.max(needed, merchandising.reorders ? boostReach : 0);
    const inView = rules.strategy === "personalized_ranking" ? [] : rules.items;
    const query: Query = {
      rules,
      history,
      banned,
      allowed: (id) => !banned.has(id) && this.#mayShow(id, rules),
      seeds: rules.strategy === "trending" ? [] : inView.length > 0 ? inView : [...history.seen].slice(0, seedsMax),
      reach,
      needed,
    };
    const ranked = this.#categoryFirst(query, (each) =>
      model === undefined ? this.#withoutModel(each) : this.#withModel(model, each, audience),
    );
    const itemOf = (entry: Ranked) => this.#itemOf(entry);
    const varied = rules.collapseVariants ? collapseVariants(ranked, this.#itemsOf(inView), reach, itemOf) : ranked;
    // A pin among given ids moves one of them; it brings no other.
    const mayPin = (id: string) =>
      query.allowed(id) && (rules.strategy !== "personalized_ranking" || rules.items.includes(id));
    const ordered = merchandising.apply(varied, (filter) => this.#judge(model, filter), mayPin);
    return ordered.slice(rules.offset, wanted);
  }

  /** What trends beside items in view is first what trends in their categories, then the rest. */
  #categoryFirst(query: Query, rank: (query: Query) => Ranked[]): Ranked[] {
    const { rules, allowed } = query;
    const category = rules.strategy === "trending" ? sameCategory(this.#itemsOf(rules.items)) : undefined;
    if (category === undefined) return rank(query);
    const inCategory = (id: string) => {
      const item = this.#catalogue.get(id);
      return item !== undefined && category.matches(item) && allowed(id);
    };
    const within = { ...rules, filter: bothFilters(rules.filter, category) };
    const first = rank({ ...query, rules: within, allowed: inCategory });
    if (first.length >= query.reach) return first;
    const listed = new Set(first.map(({ id }) => id));
    return continued(
      first,
      rank(query).filter(({ id }) => !listed.has(id)),
    );
  }

  /** Makes what is derived from a model and the catalogue, which takes longer than a request may. */
  prepare(model: Model): void {
    this.#desk.viewOf(model);
    this.#exploration.know(model);
  }

  /** The most popular servable items, for the fallback list. */
  popular(model: Model | undefined, limit: number): Item[] {
    return model === undefined ? this.#similar.newest(limit, () => true) : this.#desk.popular(model, limit);
  }

  #withModel(model: Model, query: Query, audience: Audience): Ranked[] {
    const { rules, history, banned, seeds } = query;
    if (rules.strategy === "recently_viewed") return this.#recentlyViewed(query);
    const lists = this.#desk.listsOf(model, rules.filter, banned);
    if (rules.strategy === "personalized_ranking") return this.#personalized(lists, query);
    const accept = (item: Item) => !banned.has(item.id) && (rules.filter?.matches(item) ?? true);
    const spoken = this.#beforePopular(this.#strategy(lists, query, audience.now), lists, query);
    const sold =
      rules.strategy === "for_you" ? sellingNow(spoken, { lists, live: this.#live, allowed: query.allowed }) : spoken;
    const filled = this.#fill(sold, this.#desk.viewOf(model).unknown(), query, accept);
    if (rules.strategy === "bought_together") return filled;
    const viewed = history.seen;
    return this.#exploration.explore(filled, model, seeds, audience, (item) => accept(item) && !viewed.has(item.id));
  }

  #strategy(lists: ModelLists, query: Query, now: number): Ranked[] {
    const { rules, history, reach, allowed } = query;
    switch (rules.strategy) {
      case "related_items":
        return this.#inContext(lists, query);
      case "bought_together":
        return this.#boughtTogether(lists, query);
      case "trending": {
        const now = this.#live.trending(lists.model).filter(({ id }) => allowed(id));
        if (now.length === 0) return lists.trending(reach);
        return fuse([
          { entries: now, weight: 1 },
          { entries: lists.trending(Math.max(reach, voiceMax), reach), weight: 1 },
        ]);
      }
      default: {
        const { repeats } = rules;
        // Nobody is known yet, but the page says what it is about.
        if (history.session.length === 0 && rules.items.length > 0) return this.#inContext(lists, query);
        return forYou({ lists, live: this.#live, history, now, limit: reach, repeats, allowed });
      }
    }
  }

  /** What goes with the items in view: by the model, and by what was looked at with them since it was trained. */
  #inContext(lists: ModelLists, { rules, reach, allowed }: Query): Ranked[] {
    const voices = rules.items
      .map((id) => this.#live.viewedWith(id))
      .map(({ entries, weight }) => ({ entries: entries.filter(({ id }) => allowed(id)), weight }))
      .filter(({ entries }) => entries.length > 0);
    const known = rules.items.filter((id) => lists.speaksFor(id));
    const limit = voices.length > 0 ? Math.max(reach, voiceMax) : reach;
    return fuse([{ entries: lists.rank(known, limit, false, reach), weight: 1 }, ...voices]);
  }

  /** Baskets first, the model's and those since, then what sessions and popularity say. */
  #boughtTogether(lists: ModelLists, { rules, reach, allowed }: Query): Ranked[] {
    const voices = rules.items
      .map((id) => this.#live.boughtWith(id))
      .map(({ entries, weight }) => ({ entries: entries.filter(({ id }) => allowed(id)), weight }))
      .filter(({ entries }) => entries.length > 0);
    if (voices.length === 0) return lists.boughtTogether(rules.items, reach);
    const all = lists.boughtTogether(rules.items, Math.max(reach, voiceMax), reach);
    const baskets = fuse([{ entries: all.filter(({ cause }) => cause === "boughtTogether"), weight: 1 }, ...voices]);
    const listed = new Set(baskets.map(({ id }) => id));
    return continued(
      baskets,
      all.filter(({ id, cause }) => cause !== "boughtTogether" && !listed.has(id)),
    );
  }

  /**
   * Similar items between what somebody's behaviour speaks for and what is only popular. Items without any event come by
   * their own share, except when the seeds have none either.
   */
  #beforePopular(ranked: readonly Ranked[], lists: ModelLists, query: Query): Ranked[] {
    const { rules, needed, seeds, banned } = query;
    const spoken = ranked.filter(({ cause }) => cause !== "popular");
    if (spoken.length >= needed || seeds.length === 0) return [...ranked];
    const listed = new Set(spoken.map(({ id }) => id));
    const anyMay = !seeds.some((id) => lists.speaksFor(id));
    const similar = this.#similarTo(
      seeds,
      needed - spoken.length,
      (item) =>
        !listed.has(item.id) &&
        !banned.has(item.id) &&
        (anyMay || lists.speaksFor(item.id)) &&
        (rules.filter?.matches(item) ?? true),
    );
    const between = new Set(similar.map(({ id }) => id));
    const popular = ranked.filter(({ id, cause }) => cause === "popular" && !between.has(id));
    return continued(continued(spoken, similar), popular);
  }

  /** The model fills a list from what it knows; what it does not know comes after, the newest first. */
  #fill(ranked: Ranked[], unknown: Iterable<Item>, { needed }: Query, accept: (item: Item) => boolean): Ranked[] {
    if (ranked.length >= needed) return ranked;
    const listed = new Set(ranked.map(({ id }) => id));
    const more: Ranked[] = [];
    for (const item of unknown) {
      if (ranked.length + more.length >= needed) break;
      if (!listed.has(item.id) && this.#catalogue.isServable(item) && accept(item))
        more.push({ id: item.id, score: 0, cause: "new", source: undefined });
    }
    return continued(ranked, more);
  }

  /** Given ids that the model does not know keep their order behind those it does. */
  #personalized(lists: ModelLists, { rules, history, reach, allowed }: Query): Ranked[] {
    const ranked = lists.score(history.session, rules.items, reach);
    const unknown = rules.items.filter((id) => lists.model.indexOf(id) < 0 && allowed(id));
    return [...ranked, ...unknown.map((id): Ranked => ({ id, score: 0, cause: "new", source: undefined }))].slice(
      0,
      reach,
    );
  }

  #recentlyViewed({ history, allowed, reach }: Query): Ranked[] {
    return [...history.seen]
      .filter(allowed)
      .slice(0, reach)
      .map((id, index) => ({ id, score: 1 / (1 + index), cause: "recent", source: undefined }));
  }

  /** What is selling as far as anybody saw, what is like the seeds, and the newest. */
  #withoutModel(query: Query): Ranked[] {
    const { rules, banned, allowed, seeds, reach } = query;
    if (rules.strategy === "recently_viewed") return this.#recentlyViewed(query);
    if (rules.strategy === "personalized_ranking") {
      return rules.items
        .filter(allowed)
        .slice(0, reach)
        .map((id) => ({ id, score: 0, cause: "new", source: undefined }));
    }
    const accept = (item: Item) => !banned.has(item.id) && (rules.filter?.matches(item) ?? true);
    const bought = rules.strategy === "bought_together" ? fuse(rules.items.map((id) => this.#live.boughtWith(id))) : [];
    const spoken = fuse([
      { entries: bought.filter(({ id }) => allowed(id)), weight: 2 },
      { entries: this.#similarTo(seeds, reach, accept), weight: 1 },
    ]);
    const trending = this.#live.trending(undefined).filter(({ id }) => allowed(id));
    const listed = new Set(spoken.map(({ id }) => id));
    const found = continued(
      spoken,
      trending.filter(({ id }) => !listed.has(id)),
    );
    if (found.length >= reach) return found.slice(0, reach);
    return this.#fill(found, this.#similar.newest(reach + found.length, accept), query, accept);
  }

  #similarTo(seedIds: readonly string[], limit: number, accept: (item: Item) => boolean): Ranked[] {
    return this.#similar
      .similarTo(this.#itemsOf(seedIds), limit, accept)
      .map(({ item, seed }, index) => ({ id: item.id, score: 1 / (1 + index), cause: "similar", source: seed.id }));
  }

  /** What must not be on the list whatever its score. */
  #banned(rules: RankRules, history: History): ReadonlySet<string> {
    const banned = new Set(rules.exclude);
    if (asideOfItems.has(rules.strategy)) for (const id of rules.items) banned.add(id);
    if (rules.strategy === "for_you" && history.session.length === 0) for (const id of rules.items) banned.add(id);
    if (!rules.repeats && rules.strategy !== "recently_viewed" && rules.strategy !== "personalized_ranking")
      for (const id of history.seen) banned.add(id);
    if (rules.excludePurchased) for (const id of history.purchased) banned.add(id);
    return banned;
  }

  #itemsOf(ids: readonly string[]): Item[] {
    return ids.map((id) => this.#catalogue.get(id)).filter((item) => item !== undefined);
  }

  #itemOf({ id, item }: Ranked): Item | undefined {
    return item ?? this.#catalogue.get(id);
  }

  /** Whether a filter matches an entry: looked up where the model knows it. */
  #judge(model: Model | undefined, filter: CompiledFilter): (entry: Ranked) => boolean {
    const view = model && this.#desk.viewOf(model).accepting(filter);
    return (entry) => {
      if (view !== undefined && entry.index !== undefined) return view.accepts(entry.index);
      const item = this.#itemOf(entry);
      return item !== undefined && filter.matches(item);
    };
  }

  #mayShow(id: string, rules: RankRules): boolean {
    const item = this.#catalogue.get(id);
    if (item === undefined) return this.#catalogue.size === 0 && rules.filter === undefined;
    return this.#catalogue.isServable(item) && (rules.filter?.matches(item) ?? true);
  }
}

/** `more` behind `list`, with scores that go on below it. */
function continued(list: readonly Ranked[], more: readonly Ranked[]): Ranked[] {
  const floor = list.at(-1)?.score;
  return [
    ...list,
    ...more.map((entry, index) => (floor === undefined ? entry : { ...entry, score: floor - 1 - index })),
  ];
}
