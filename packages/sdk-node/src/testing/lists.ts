/** Recommendations of the fake: what the test laid down, else the newest events and the catalogue in order. */
import {
  compileFilter,
  EndcapError,
  isStrategy,
  type MoneyFormat,
  moneyFormat,
  type RecommendationAnswer,
  type RecommendationRequest,
  type RecommendedItem,
} from "@endcap/protocol";
import { type RandomBytes, uuidV7 } from "@endcap/protocol/uuid";
import type { FakeStore } from "./store.ts";

export interface Laid {
  /** Placement or strategy -> item ids, in order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Set: every answer is the fallback, as when a recommender is down. */
  readonly fallback: boolean;
}

/** @throws EndcapError `invalid_request`, `strategy_unknown`, `filter_invalid`, `filter_unknown_field` */
export function recommend(
  store: FakeStore,
  request: RecommendationRequest,
  { lists, fallback }: Laid,
  now: number,
  random: RandomBytes,
): RecommendationAnswer {
  const { placement, limit = 12, offset = 0, include = ["item"], exclude = [] } = request;
  if (placement === undefined && request.strategy === undefined) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "", code: "required" }] });
  }
  const strategy = request.strategy ?? "for_you";
  if (!isStrategy(strategy)) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "/strategy", code: "pattern" }] });
  }
  // A tenant's own compositions are the operator's to make.
  if (strategy.startsWith("custom:")) throw new EndcapError("strategy_unknown");
  const keeps = request.filter === undefined ? () => true : compileFilter(request.filter);
  const laid = lists.get(placement ?? strategy);
  const hidden = new Set(exclude);
  const ids = fallback || laid === undefined ? byDefault(store, strategy, request) : laid;
  const items = ids
    .flatMap((id): RecommendedItem[] => {
      const item = store.items.get(id);
      if (hidden.has(id) || !item || item.hidden || item.availability === "out_of_stock" || !keeps(item)) return [];
      return [{ id, ...(include.includes("item") && { item }), ...(include.includes("score") && { score: 1 }) }];
    })
    .slice(offset, offset + limit);
  return {
    recommendationId: uuidV7(now, random),
    items,
    ...(placement !== undefined && { placement }),
    strategy,
    model: fallback ? null : { version: "fake", trainedAt: new Date(0).toISOString() },
    ...(fallback && { fallback: items.length > 0 ? "popular" : "empty" }),
    ...(request.locale !== undefined && { money: moneyOf(items, request.locale) }),
    serverTime: new Date(now).toISOString(),
  };
}

function moneyOf(items: readonly RecommendedItem[], locale: string): Record<string, MoneyFormat> {
  const currencies = new Set(items.flatMap(({ item }) => item?.currency ?? []));
  return Object.fromEntries(
    [...currencies].flatMap((currency) => {
      const format = moneyFormat(locale, currency);
      return format ? [[currency, format]] : [];
    }),
  );
}

function byDefault(store: FakeStore, strategy: string, { shopper = {}, items = [] }: RecommendationRequest): string[] {
  if (strategy === "personalized_ranking") return items;
  const seen = [...store.events.values()]
    .filter(
      ({ shopper: whose }) =>
        (shopper.userId !== undefined && whose?.userId === shopper.userId) ||
        (shopper.anonymousId !== undefined && whose?.anonymousId === shopper.anonymousId),
    )
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .flatMap((event) => (event.items ?? []).map(({ id }) => id));
  if (strategy === "recently_viewed") return [...new Set(seen)];
  const inView = new Set(items);
  return [...store.items.keys()].filter((id) => !inView.has(id));
}
