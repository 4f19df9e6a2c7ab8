import { SESSION_IDLE_SECONDS } from "../model/index.ts";
import { fuse, seat, type Voice } from "./fuse.ts";
import type { History } from "./history.ts";
import type { LiveLists } from "./live-lists.ts";
import type { ModelLists } from "./model-lists.ts";
import type { Ranked } from "./ranked.ts";

/** Entries of a list that only adds to another. Fixed, so that pages of one list agree. */
export const voiceMax = 100;
/** Older visits weigh half as much after this long, and the more the running visit says, the less. */
const olderHalfLifeMs = 7 * 86_400_000;
const olderWeight = 0.5;
const visitItemsForHalf = 4;
/** What others went on to since the last training, beside what the model knows of it. */
const liveWeight = 0.5;
/** What a shopper buys again and again, beside the last visit once that ended with a purchase. */
const againWeight = 3;
/** Positions, from 0, that show what started to sell since the last training. */
const sellingPositions = [5, 11];

export interface Shown {
  readonly lists: ModelLists;
  readonly live: LiveLists;
  /** Whether an item that the model did not choose may be shown. */
  readonly allowed: (entry: Ranked) => boolean;
}

export interface ForYou extends Shown {
  readonly history: History;
  /** Unix milliseconds. */
  readonly now: number;
  readonly limit: number;
  readonly repeats: boolean;
}

/**
 * for_you of a shopper with a history. Once the last visit is over, by a purchase or a pause of 30 minutes, a model that
 * learned what shoppers come back for ranks the next one. While a visit is running, and without such a model:
 *
 * - The core is the model's ranking by the shopper's last visit: events up to the last pause of 30 minutes, the visits
 *   that the model learned from.
 * - Visits before it are ranked by themselves and fused in by rank, with a weight that halves with each week between the
 *   two and falls with every item of the last visit (0.4 after one item, 0.14 after ten).
 * - What others went on to from the last item since the last training is fused in as well, by its evidence.
 * - What somebody who buys things again has bought, most often first, leads after a purchase, and says less with every
 *   item of a visit that is still running.
 * - Positions 6 and 12 show what is selling now: see `sellingNow`.
 *
 * Time enters only as the distance between the shopper's own events, and to tell whether the visit is over, so that the
 * same history gives the same list.
 */
export function forYou({ lists, live, history, now, limit, repeats, allowed }: ForYou): Ranked[] {
  const { visit, older } = history;
  const over = history.ended || now - history.lastAt > SESSION_IDLE_SECONDS * 1000;
  if (over && lists.model.knowsReturns) return lists.nextVisit(history, limit, repeats);
  const voices: Voice[] = [];
  if (older !== undefined) {
    const age = 2 ** (-older.ageMs / olderHalfLifeMs);
    voices.push({
      entries: lists.rank(older.items, voiceMax, repeats, 0),
      weight: (olderWeight * age) / (1 + visit.length / visitItemsForHalf),
    });
  }
  const last = visit.at(-1);
  if (last !== undefined) {
    const { entries, weight } = live.viewedWith(last);
    voices.push({ entries: entries.filter(allowed), weight: weight * liveWeight });
  }
  if (repeats) {
    const weight = history.ended ? againWeight : againWeight / (1 + visit.length);
    voices.push({ entries: boughtAgain(history, lists).filter(allowed), weight });
  }
  const adding = voices.filter(({ entries }) => entries.length > 0);
  const core = lists.rank(visit, adding.length > 0 ? Math.max(limit, voiceMax) : limit, repeats, limit);
  return fuse([{ entries: core, weight: 1 }, ...adding], limit);
}

/** Nothing for who never bought anything twice: most things are bought once. */
function boughtAgain({ purchases }: History, lists: ModelLists): Ranked[] {
  const items = [...purchases].reverse();
  if (!items.some(([, times]) => times > 1)) return [];
  return items
    .sort(([, a], [, b]) => b - a)
    .slice(0, voiceMax)
    .map(([id, times]) => ({ id, slot: lists.slotOf(id), score: times, cause: "inSession", source: id }));
}

/**
 * Seats what trends since the last training in two positions of a list. What sold until then has no seat: the model has
 * learned whom it suits (its `recent` table and trends), and shown to everyone it costs more than it brings.
 */
export function sellingNow(ranked: readonly Ranked[], { live, allowed }: Shown): Ranked[] {
  if (ranked.length <= (sellingPositions[0] as number)) return [...ranked];
  const now = live.trending;
  return now.length === 0 ? [...ranked] : seat(ranked, sellingPositions, () => now, allowed);
}
