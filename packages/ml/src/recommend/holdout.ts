import type { RecommendationAnswer } from "@endcap/protocol";
import type { Target } from "./target.ts";

/** What a shopper gets who is held out: nothing, said plainly. The page shows what it showed before Endcap. */
export function holdoutAnswer(target: Target, recommendationId: string, now: number): RecommendationAnswer {
  const { placement, placementId, strategy, variant } = target;
  return {
    recommendationId,
    items: [],
    ...(placementId !== undefined && { placement: placementId }),
    ...(placement?.title !== undefined && { title: placement.title }),
    strategy,
    ...(variant !== undefined && { variant }),
    model: null,
    serverTime: new Date(now).toISOString(),
  };
}
