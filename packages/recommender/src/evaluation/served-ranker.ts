import type { Event, Strategy } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";
import { Catalogue } from "../catalogue/catalogue.ts";
import { LiveDelta } from "../live/live-delta.ts";
import type { Model } from "../model/index.ts";
import { type History, historyOf } from "../serving/history.ts";
import { Ranker as ServingRanker } from "../serving/ranker.ts";
import { rulesOf } from "../serving/rules.ts";
import type { Ranker } from "./ranker.ts";
import type { TestRow } from "./test-row.ts";

/** Newest events of a shopper that a request reads: the service's default. */
const historyEvents = 200;
const nobody = historyOf([], []);

export interface ServedOptions {
  readonly name: string;
  readonly strategy: Strategy;
  /** As ENDCAP_RECOMMENDER_EXPLORE_EVERY; 0: no new items. */
  readonly exploreEvery: number;
  /** As a placement's. */
  readonly diversity?: number;
}

/** What a recommender answers with, less HTTP and the event store: the tenant's catalogue, its model, nothing since the training. */
export class ServedLists {
  readonly #model: Model;
  readonly #catalogue: Catalogue;
  readonly #now: number;

  private constructor(model: Model, catalogue: Catalogue, now: number) {
    this.#model = model;
    this.#catalogue = catalogue;
    this.#now = now;
  }

  /** `now` in Unix milliseconds: when the test happens. A store without items makes lists of bare ids. */
  static async open(model: Model, store: CatalogStore, now: number): Promise<ServedLists> {
    const catalogue = new Catalogue(store, () => now);
    await catalogue.refresh();
    return new ServedLists(model, catalogue, now);
  }

  /** for_you is asked with the shopper's history, every other strategy with the prefix as the items in view. */
  ranker({ name, strategy, exploreEvery, diversity = 0 }: ServedOptions): Ranker {
    const serving = new ServingRanker(this.#catalogue, new LiveDelta(), exploreEvery);
    return {
      name,
      rank: ({ row }, novel, out) => {
        const forYou = strategy === "for_you";
        const request = { limit: out.length, ...(!forYou && { items: [...row.prefix] }) };
        const placement = { id: "evaluation", strategy, repeats: novel ? "exclude" : "allow", diversity } as const;
        const rules = rulesOf({ request, strategy, placement }, this.#now);
        const history = forYou ? historyBefore(row) : nobody;
        const asked = row.at === undefined ? this.#now : row.at * 1000;
        const audience = { shopper: row.events?.[0]?.id ?? row.prefix.join(" "), now: asked };
        const ranked = serving.rank(this.#model, rules, history, audience);
        for (const [place, { id }] of ranked.entries()) out[place] = this.#model.indexOf(id);
        return ranked.length;
      },
    };
  }
}

function historyBefore({ prefix, at, events, eventCount = 0 }: TestRow): History {
  if (events !== undefined) return historyOf(events.slice(Math.max(0, eventCount - historyEvents), eventCount), []);
  // A session file names no shopper and often no time: one visit of views, a second apart.
  const end = (at ?? 0) * 1000;
  const views = prefix.slice(-historyEvents).map((id, place, { length }): Event => {
    const time = new Date(end - (length - place) * 1000).toISOString();
    return { id: time, type: "view_item", at: time, items: [{ id }] };
  });
  return historyOf(views, []);
}
