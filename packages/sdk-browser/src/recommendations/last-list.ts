/** The list that a slot showed last, for as long as the same shopper may want to see it again. */
import type { RecommendationAnswer } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import { CHOSEN } from "../core/attribution.ts";
import type { RecommendRequest } from "../core/client.ts";
import type { Context } from "../core/context.ts";

const LISTS_MAX = 8;
const LIST_CHARS_MAX = 20_000;
const LIST_MS_MAX = 86_400_000;
/** Goes with what else is remembered of a shopper; no item's id starts with a line break. */
const KIND = `${CHOSEN}\n`;

interface Kept {
  readonly at: number;
  readonly list: RecommendationAnswer;
}

const nameOf = ({ placement, strategy, items, limit }: RecommendRequest): string =>
  JSON.stringify([placement, strategy, items, limit]);

export function lastList({ store, now }: Context, request: RecommendRequest): RecommendationAnswer | undefined {
  const kept = attempt(() => JSON.parse(store.get(KIND + nameOf(request)) ?? "") as Kept);
  return kept && now() - kept.at < LIST_MS_MAX ? kept.list : undefined;
}

export function keepList({ store, now }: Context, request: RecommendRequest, list: RecommendationAnswer): void {
  const kept: Kept = { at: now(), list };
  const text = JSON.stringify(kept);
  for (const old of store.names(KIND).slice(LISTS_MAX - 1)) store.remove(old);
  if (text.length <= LIST_CHARS_MAX) store.set(KIND + nameOf(request), text);
}
