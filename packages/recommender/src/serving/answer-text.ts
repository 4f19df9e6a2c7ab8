import type { RecommendationAnswer } from "@endcap/protocol";

/**
 * An answer as JSON, with `itemTexts` as the items of its entries, where there are any: the catalogue has them as JSON
 * already, and they are most of an answer's bytes.
 */
export function answerText(
  { recommendationId, items, ...rest }: RecommendationAnswer,
  itemTexts: readonly (string | undefined)[],
): string {
  const entries = items.map((entry, n) => {
    const text = JSON.stringify(entry);
    const item = itemTexts[n];
    return item === undefined ? text : `${text.slice(0, -1)},"item":${item}}`;
  });
  return `{"recommendationId":"${recommendationId}","items":[${entries.join()}],${JSON.stringify(rest).slice(1)}`;
}
