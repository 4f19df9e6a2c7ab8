import type { Item, RuleEffect } from "@endcap/protocol";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { SimilarItems } from "../catalogue/similar-items.ts";
import type { LiveDelta } from "../live/live-delta.ts";
import type { Model } from "../model/index.ts";
import { CatalogueFilters } from "./catalogue-filters.ts";
import { sameCategory } from "./category.ts";
import { type Audience, Exploration } from "./exploration.ts";
import type { FilterView } from "./filter-view.ts";
import { bothFilters, type CompiledFilter } from "./filters.ts";
import { forYou, sellingNow, voiceMax } from "./for-you.ts";
import { fuse } from "./fuse.ts";
import type { History } from "./history.ts";
import { LiveLists } from "./live-lists.ts";
import { listMax, ModelDesk, type ModelLists } from "./model-lists.ts";
import { type Cause, keyOf, type Ranked, rescored } from "./ranked.ts";
import type { RankRules } from "./rules.ts";
import { collapseVariants } from "./variants.ts";

/** Ranked for each entry that is wanted, so that variants can collapse and the list stays full. */
const variantsOverfetch = 4;
/** Ranked at most for the sake of boosts: about as many as the model reranks. */
const boostReachMax = 100;
/** Newest items of a history that similarity speaks for. */
const seedsMax = 3;
/** Strategies whose list stands beside the items in view, and never repeats them. */
const asideOfItems: ReadonlySet<string> = new Set(["related_items", "bought_together", "trending"]);

/** One request, resolved to what its list depends on. */
interface Query {
  readonly rules: RankRules;
  readonly history: History;
  readonly banned: ReadonlySet<string>;
  /** What `rules.filter` says of the catalogue's items. */
  readonly filter: FilterView | undefined;
  /** Whether the item in a slot of the catalogue may be shown as far as the request goes; it may still be sold out. */
  readonly accepts: (slot: number) => boolean;
  /** Whether an item that no model chose may be shown. */
  readonly allowed: (entry: Ranked) => boolean;
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
  readonly #filters: CatalogueFilters;
  readonly #desk: ModelDesk;

  /** A list may hold a new item in one of `exploreEvery` positions; 0: in none. */
  constructor(catalogue: Catalogue, delta: LiveDelta, exploreEvery: number) {
    this.#catalogue = catalogue;
    this.#similar = new SimilarItems(catalogue);
    this.#live = new LiveLists(delta, catalogue);
    this.#exploration = new Exploration(catalogue, exploreEvery);
    this.#filters = new CatalogueFilters(catalogue);
    this.#desk = new ModelDesk(catalogue);
  }

  /** Entries `offset` to `offset + limit` of the strategy's list. Without a model the catalogue alone speaks. */
  rank(model: Model | undefined, rules: RankRules, history: History, audience: Audience): Ranked[] {
    const query = this.#queryOf(rules, history);
    const ranked = this.#categoryFirst(query, (each) =>
      model === undefined ? this.#withoutModel(each) : this.#withModel(model, each, audience),
    );
    const groupOf = ({ slot }: Ranked) => this.#catalogue.groupAt(slot);
    const inView = rules.strategy === "personalized_ranking" ? [] : rules.items;
    const varied = rules.collapseVariants
      ? collapseVariants(ranked, this.#itemsOf(inView), query.reach, groupOf)
      : ranked;
    const pinned = (id: string): Ranked | undefined => {
      // A pin among given ids moves one of them; it brings no other.
      if (rules.strategy === "personalized_ranking" && !rules.items.includes(id)) return undefined;
      const entry = this.#entryOf(id, 0, "pinned");
      return query.allowed(entry) ? entry : undefined;
    };
    const ordered = rules.merchandising.apply(varied, (filter) => this.#judge(filter), pinned);
    return ordered.slice(rules.offset, rules.offset + rules.limit);
  }

  /** What each rule of a placement did to the list `shown`. */
  effects({ merchandising }: RankRules, shown: readonly Ranked[]): RuleEffect[] {
    const firstOf = (filter: CompiledFilter, limit: number): string[] => {
      const view = this.#filters.viewOf(filter);
      const ids: string[] = [];
      for (let slot = 0; slot < this.#catalogue.bySlot.length && ids.length < limit; slot++)
        if (view.accepts(slot)) ids.push(this.#catalogue.idAt(slot) as string);
      return ids;
    };
    return merchandising.effects(shown, (filter) => this.#judge(filter), firstOf);
  }

  #queryOf(rules: RankRules, history: History): Query {
    const wanted = rules.offset + rules.limit;
    const overfetch = rules.collapseVariants ? variantsOverfetch : 1;
    const needed = rules.collapseVariants ? Math.min(wanted * overfetch, listMax) : wanted;
    const inView = rules.strategy === "personalized_ranking" ? [] : rules.items;
    const banned = this.#banned(rules, history);
    const seeds =
      rules.strategy === "trending" ? [] : inView.length > 0 ? inView : [...history.seen].slice(0, seedsMax);
    const reach = Math.max(needed, Math.min(overfetch * rules.merchandising.reach(wanted), boostReachMax));
    return { rules, history, banned, seeds, reach, needed, ...this.#gateOf(rules, banned) };
  }

  #gateOf(rules: RankRules, banned: ReadonlySet<string>): Pick<Query, "filter" | "accepts" | "allowed"> {
    const catalogue = this.#catalogue;
    const filter = rules.filter && this.#filters.viewOf(rules.filter);
    const bannedSlots = new Set<number>();
    for (const id of banned) bannedSlots.add(catalogue.slotOf(id));
    const accepts = (slot: number) => !bannedSlots.has(slot) && (filter === undefined || filter.accepts(slot));
    return {
      filter,
      accepts,
      allowed: ({ id, slot }) =>
        slot < 0
          ? catalogue.size === 0 && filter === undefined && !banned.has(id)
          : catalogue.isServable(slot) && accepts(slot),
    };
  }

  /** What trends beside items in view is first what trends in their categories, then the rest. */
  #categoryFirst(query: Query, rank: (query: Query) => Ranked[]): Ranked[] {
    const { rules, banned } = query;
    const category = rules.strategy === "trending" ? sameCategory(this.#itemsOf(rules.items)) : undefined;
    if (category === undefined) return rank(query);
    const within = { ...rules, filter: bothFilters(rules.filter, category) };
    const first = rank({ ...query, rules: within, ...this.#gateOf(within, banned) });
    if (first.length >= query.reach) return first;
    return continued(first, without(rank(query), first));
  }

  /** Makes what is derived from a model and the catalogue, which takes longer than a request may. */
  async prepare(model: Model): Promise<void> {
    this.#desk.viewOf(model);
    this.#exploration.know(model);
    await this.#live.refresh(model);
  }

  /** Takes over what trends by now. */
  async followTrends(model: Model | undefined): Promise<void> {
    await this.#live.refresh(model);
  }

  /** Gives back what is only remembered to be quick: for when nobody asks. */
  forget(): void {
    this.#similar.forget();
    this.#exploration.forget();
  }

  /** The most popular servable items, for the fallback list. */
  popular(model: Model | undefined, limit: number): Item[] {
    if (model !== undefined) return this.#desk.popular(model, limit);
    return this.#similar.newest(limit, () => true).map((slot) => this.#catalogue.bySlot.at(slot) as Item);
  }

  #withModel(model: Model, query: Query, audience: Audience): Ranked[] {
    const { rules, history, banned, seeds, accepts } = query;
    if (rules.strategy === "recently_viewed") return this.#recentlyViewed(query);
    const lists = this.#desk.listsOf(model, query.filter, banned);
    if (rules.strategy === "personalized_ranking") return this.#personalized(lists, query);
    const spoken = this.#beforePopular(this.#strategy(lists, query, audience.now), lists, query);
    const sold =
      rules.strategy === "for_you" ? sellingNow(spoken, { lists, live: this.#live, allowed: query.allowed }) : spoken;
    const filled = this.#fill(sold, this.#desk.viewOf(model).unknown(), query);
    if (rules.strategy === "bought_together") return filled;
    const unseen = (slot: number) => !history.seen.has(this.#catalogue.idAt(slot) as string);
    return this.#exploration.explore(filled, model, seeds, audience, (slot) => accepts(slot) && unseen(slot));
  }

  #strategy(lists: ModelLists, query: Query, now: number): Ranked[] {
    const { rules, history, reach, allowed } = query;
    switch (rules.strategy) {
      case "related_items":
        return this.#inContext(lists, query);
      case "bought_together":
        return this.#boughtTogether(lists, query);
      case "trending": {
        const now = this.#live.trending.filter(allowed);
        if (now.length === 0) return lists.trending(reach);
        const model = lists.trending(Math.max(reach, voiceMax), reach);
        return fuse(
          [
            { entries: now, weight: 1 },
            { entries: model, weight: 1 },
          ],
          reach,
        );
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
      .map(({ entries, weight }) => ({ entries: entries.filter(allowed), weight }))
      .filter(({ entries }) => entries.length > 0);
    const known = rules.items.filter((id) => lists.speaksFor(id));
    const limit = voices.length > 0 ? Math.max(reach, voiceMax) : reach;
    return fuse([{ entries: lists.rank(known, limit, false, reach), weight: 1 }, ...voices], reach);
  }

  /** Baskets first, the model's and those since, then what sessions and popularity say. */
  #boughtTogether(lists: ModelLists, { rules, reach, allowed }: Query): Ranked[] {
    const voices = rules.items
      .map((id) => this.#live.boughtWith(id))
      .map(({ entries, weight }) => ({ entries: entries.filter(allowed), weight }))
      .filter(({ entries }) => entries.length > 0);
    if (voices.length === 0) return lists.boughtTogether(rules.items, reach);
    const all = lists.boughtTogether(rules.items, Math.max(reach, voiceMax), reach);
    const baskets = fuse([{ entries: all.filter(({ cause }) => cause === "boughtTogether"), weight: 1 }, ...voices]);
    const others = all.filter(({ cause }) => cause !== "boughtTogether");
    return continued(baskets, without(others, baskets));
  }

  /**
   * Similar items between what somebody's behaviour speaks for and what is only popular. Items without any event come by
   * their own share, except when the seeds have none either.
   */
  #beforePopular(ranked: Ranked[], lists: ModelLists, query: Query): Ranked[] {
    const { needed, seeds, accepts } = query;
    const spoken = ranked.filter(({ cause }) => cause !== "popular");
    if (spoken.length >= needed || seeds.length === 0) return ranked;
    const listed = new Set(spoken.map(keyOf));
    const anyMay = !seeds.some((id) => lists.speaksFor(id));
    const similar = this.#similarTo(
      seeds,
      needed - spoken.length,
      (slot) => accepts(slot) && (anyMay || lists.speaksForSlot(slot)) && !listed.has(slot),
    );
    const popular = ranked.filter(({ cause }) => cause === "popular");
    return continued(continued(spoken, similar), without(popular, similar));
  }

  /** The model fills a list from what it knows; what it does not know comes after, the newest first. Both are slots. */
  #fill(ranked: Ranked[], unknown: Iterable<number>, { needed, accepts }: Query): Ranked[] {
    if (ranked.length >= needed) return ranked;
    const listed = new Set(ranked.map(keyOf));
    const more: Ranked[] = [];
    for (const slot of unknown) {
      if (ranked.length + more.length >= needed) break;
      if (this.#catalogue.isServable(slot) && accepts(slot) && !listed.has(slot))
        more.push(this.#entryIn(slot, 0, "new"));
    }
    return continued(ranked, more);
  }

  /** Given ids that the model does not know keep their order behind those it does. */
  #personalized(lists: ModelLists, { rules, history, reach, allowed }: Query): Ranked[] {
    const ranked = lists.score(history.session, rules.items, reach);
    const unknown = rules.items.filter((id) => !lists.knows(id)).map((id) => this.#entryOf(id, 0, "new"));
    return [...ranked, ...unknown.filter(allowed)].slice(0, reach);
  }

  #recentlyViewed({ history, allowed, reach }: Query): Ranked[] {
    return [...history.seen]
      .map((id) => this.#entryOf(id, 0, "recent"))
      .filter(allowed)
      .slice(0, reach)
      .map((entry, index) => rescored(entry, 1 / (1 + index)));
  }

  /** What is selling as far as anybody saw, what is like the seeds, and the newest. */
  #withoutModel(query: Query): Ranked[] {
    const { rules, accepts, allowed, seeds, reach } = query;
    if (rules.strategy === "recently_viewed") return this.#recentlyViewed(query);
    if (rules.strategy === "personalized_ranking") {
      return rules.items
        .map((id) => this.#entryOf(id, 0, "new"))
        .filter(allowed)
        .slice(0, reach);
    }
    const bought = rules.strategy === "bought_together" ? fuse(rules.items.map((id) => this.#live.boughtWith(id))) : [];
    const spoken = fuse([
      { entries: bought.filter(allowed), weight: 2 },
      { entries: this.#similarTo(seeds, reach, accepts), weight: 1 },
    ]);
    const found = continued(spoken, without(this.#live.trending.filter(allowed), spoken));
    if (found.length >= reach) return found.slice(0, reach);
    return this.#fill(found, this.#similar.newest(reach + found.length, accepts), query);
  }

  #similarTo(seedIds: readonly string[], limit: number, accept: (slot: number) => boolean): Ranked[] {
    const seeds = seedIds.map((id) => this.#catalogue.slotOf(id)).filter((slot) => slot >= 0);
    return this.#similar
      .similarTo(seeds, limit, accept)
      .map(({ slot, seed }, index) => this.#entryIn(slot, 1 / (1 + index), "similar", this.#catalogue.idAt(seed)));
  }

  #entryOf(id: string, score: number, cause: Cause): Ranked {
    return { id, slot: this.#catalogue.slotOf(id), score, cause, source: undefined };
  }

  #entryIn(slot: number, score: number, cause: Cause, source?: string): Ranked {
    return { id: this.#catalogue.idAt(slot) as string, slot, score, cause, source };
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

  /** Whether a filter matches an entry. */
  #judge(filter: CompiledFilter): (entry: Ranked) => boolean {
    const view = this.#filters.viewOf(filter);
    return ({ slot }) => view.accepts(slot);
  }
}

/** `more` behind `list`, with scores that go on below it. */
function continued(list: readonly Ranked[], more: readonly Ranked[]): Ranked[] {
  const floor = list.at(-1)?.score;
  return [...list, ...more.map((entry, index) => (floor === undefined ? entry : rescored(entry, floor - 1 - index)))];
}

function without(entries: readonly Ranked[], listed: readonly Ranked[]): Ranked[] {
  const keys = new Set(listed.map(keyOf));
  return entries.filter((entry) => !keys.has(keyOf(entry)));
}
