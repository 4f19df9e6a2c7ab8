import {
  type FallbackList,
  type Item,
  type ItemPredicate,
  LIMITS,
  type Reason,
  type RecommendationAnswer,
  type RecommendationRequest,
  type RecommendedItem,
} from "@endcap/protocol";
import type { Target } from "../recommend/target.ts";

export interface FallbackInput {
  readonly list: FallbackList | undefined;
  readonly request: RecommendationRequest;
  readonly target: Target;
  /** The request's filter and the placement's. */
  readonly filters: readonly ItemPredicate[];
  readonly recommendationId: string;
  /** Unix milliseconds. */
  readonly now: number;
}

const popular: Reason = { text: "Popular right now", kind: "popular" };

/** The answer when no recommender gave one: popular items under the same rules, else an empty list. */
export function fallbackAnswer(input: FallbackInput): RecommendationAnswer {
  const { list, request, target, recommendationId, now } = input;
  const { placement, placementId, strategy, variant } = target;
  const include = new Set(request.include ?? ["item"]);
  const offset = request.offset ?? 0;
  const candidates = candidatesOf(input);
  const items = candidates.slice(offset, offset + limitOf(input)).map(
    ({ id, item }): RecommendedItem => ({
      id,
      ...(include.has("reason") && item && { reason: popular }),
      ...(include.has("item") && item && { item }),
    }),
  );
  return {
    recommendationId,
    items,
    ...(placementId !== undefined && { placement: placementId }),
    ...(placement?.title !== undefined && { title: placement.title }),
    strategy,
    ...(variant !== undefined && { variant }),
    model: (candidates.length > 0 && list?.model) || null,
    fallback: items.length > 0 ? "popular" : "empty",
    serverTime: new Date(now).toISOString(),
  };
}

function limitOf({ request, target: { placement, strategy } }: FallbackInput): number {
  const ofStrategy =
    strategy === "personalized_ranking" ? LIMITS.recommendationLimitMax : LIMITS.recommendationLimitDefault;
  return request.limit ?? placement?.limit ?? ofStrategy;
}

interface Candidate {
  readonly id: string;
  readonly item: Item | undefined;
}

function candidatesOf({ list, request, target, filters, now }: FallbackInput): Candidate[] {
  const { strategy, placement } = target;
  const excluded = new Set([...(request.exclude ?? []), ...(placement?.exclude ?? [])]);
  const shown = (item: Item) => isServable(item, now) && filters.every((matches) => matches(item));

  switch (strategy) {
    case "recently_viewed":
      // Under that heading anything the shopper has not seen would be a lie.
      return [];
    case "personalized_ranking": {
      // The caller's own items, in the caller's own order. Nothing is known of those that are not popular, so a filter
      // can only pass over them.
      const byId = new Map(list?.items.map((item) => [item.id, item]));
      return [...new Set(request.items)]
        .filter((id) => !excluded.has(id))
        .map((id) => ({ id, item: byId.get(id) }))
        .filter(({ item }) => (item ? shown(item) : filters.length === 0));
    }
    default: {
      for (const id of request.items ?? []) excluded.add(id);
      const items = list?.items ?? [];
      return items.filter((item) => !excluded.has(item.id) && shown(item)).map((item) => ({ id: item.id, item }));
    }
  }
}

/** The list may be a little old; what it says of itself still holds. */
function isServable(item: Item, now: number): boolean {
  if (item.hidden === true || item.availability === "out_of_stock") return false;
  return item.expiresAt === undefined || Date.parse(item.expiresAt) > now;
}
