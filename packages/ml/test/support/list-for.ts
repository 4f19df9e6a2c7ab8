import type { RankRequest, RecommendationAnswer } from "@endcap/protocol";
import { lamp, uuid } from "./samples.ts";

/** A list as a recommender with a model answers it. */
export function listFor({ strategy, placement }: RankRequest): RecommendationAnswer {
  return {
    recommendationId: uuid(),
    items: [{ id: "ranked", item: lamp("ranked") }],
    ...(placement && { placement: placement.id }),
    strategy,
    model: { version: "m-2", trainedAt: "2027-02-01T00:00:00Z" },
    serverTime: new Date().toISOString(),
  };
}
