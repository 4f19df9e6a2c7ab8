import { LIMITS, type RecommendationAnswer, type RecommendationRequest } from "@endcap/protocol";
import type { Target } from "./target.ts";

/**
 * What a shopper gets who is held out: the page as it was before Endcap. Where the shop has a list of its own to be
 * ranked that is this list, in the shop's order; anywhere else nothing, said plainly.
 */
export function holdoutAnswer(
  target: Target,
  request: RecommendationRequest,
  recommendationId: string,
  now: number,
): RecommendationAnswer {
  const { placement, placementId, strategy, variant } = target;
  return {
    recommendationId,
    items: strategy === "personalized_ranking" ? asGiven(request, placement?.limit) : [],
    ...(placementId !== undefined && { placement: placementId }),
    ...(placement?.title !== undefined && { title: placement.title }),
    strategy,
    ...(variant !== undefined && { variant }),
    model: null,
    serverTime: new Date(now).toISOString(),
  };
}

function asGiven(
  { items = [], offset = 0, limit }: RecommendationRequest,
  placementLimit: number = LIMITS.recommendationLimitMax,
): RecommendationAnswer["items"] {
  return [...new Set(items)].slice(offset, offset + (limit ?? placementLimit)).map((id) => ({ id }));
}
