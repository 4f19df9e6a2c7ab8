import type { RecommendationAnswer } from "@endcap/protocol";

/** What the upstreams of a gateway that is measured alone answer: the sizes are those of real answers. */
export const acceptance = JSON.stringify({
  accepted: 1,
  duplicates: 0,
  rejected: [],
  batchId: "0193c1f0-0000-7000-8000-000000000000",
  serverTime: "2026-01-01T00:00:00.000Z",
});
const [beforeNth = "", afterNth = ""] = acceptance.split("000000000000");

/** With a batch id of its own, as every real one has: a proxy that remembers answers gains nothing by it. */
export const acceptanceOf = (nth: number): string => `${beforeNth}${String(nth).padStart(12, "0")}${afterNth}`;

const answer: RecommendationAnswer = {
  recommendationId: "0193c1f0-0000-7000-8000-000000000000",
  items: Array.from({ length: 12 }, (_, n) => ({
    id: `sku-${n}00${n}`,
    reason: {
      text: "Because you viewed Oak Table",
      kind: "viewed",
      because: { itemId: "sku-1001", title: "Oak Table" },
    },
  })),
  placement: "product",
  strategy: "for_you",
  model: { version: "v-20260101-000000", trainedAt: "2026-01-01T00:00:00.000Z" },
  serverTime: "2026-01-01T00:00:00.000Z",
};
export const list = JSON.stringify(answer);
