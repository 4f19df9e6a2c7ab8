import { fitLists, type Lists, ListWriter } from "./fit-lists.ts";
import type { HeldOut } from "./held-out.ts";
import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import {
  NEXT_CANDIDATES_MAX,
  NEXT_FEATURES,
  NextVisit,
  PAST_MAX,
  PAST_VISITS_MAX,
  type PastVisits,
} from "./next-visit.ts";
import { byRecentVisits } from "./orders.ts";
import { seededRandom } from "./random.ts";

const listsMax = 20_000;
/** Items of one visit that are learned from: a wholesaler's hundred must not outweigh fifty shoppers. */
const targetsMax = 8;

/**
 * Fits the ranker of next visits on the shop's own newest ones: what a returning shopper meets in a visit should come
 * first, given all visits before. Undefined when the log names no shoppers or too few came back.
 */
export function fitNextVisit(log: InteractionLog, heldOut: HeldOut, seed: number): Float32Array | undefined {
  if (log.previous === undefined) return undefined;
  const random = seededRandom(seed);
  return fitLists(collectLists(log, log.previous, heldOut, random), NEXT_FEATURES, random);
}

function collectLists(
  log: InteractionLog,
  previous: Int32Array,
  { from, tables, baskets, returnRate }: HeldOut,
  random: () => number,
): Lists {
  const next = new NextVisit(tables, baskets, returnRate);
  const popular = byRecentVisits(tables);
  const lists = new ListWriter(NEXT_FEATURES, listsMax);
  const others = new Uint32Array(NEXT_CANDIDATES_MAX);
  const write = (candidate: number, out: Float32Array, at: number) => next.write(candidate, out, at);
  // The newest first: when there are more than fit, the oldest are left out.
  for (let s = sessionCount(log) - 1; s >= from && !lists.full; s--) {
    if (previous[s]! < 0) continue;
    const met = new Set(log.items.subarray(log.sessionOffsets[s], log.sessionOffsets[s + 1]));
    next.gather(pastOf(log, previous, s), popular, () => true);
    const chosen: number[] = [];
    let count = 0;
    for (let c = 0; c < next.count; c++) {
      if (met.has(next.items[c]!)) chosen.push(c);
      else others[count++] = c;
    }
    const step = Math.max(1, chosen.length / targetsMax);
    for (let n = 0; n < chosen.length && !lists.full; n += step) {
      lists.add(chosen[Math.floor(n)]!, others.subarray(0, count), random, write);
    }
  }
  return lists.finish();
}

/** The visits of its shopper before a session, oldest first. */
function pastOf(log: InteractionLog, previous: Int32Array, session: number): PastVisits {
  const chain: number[] = [];
  let positions = 0;
  for (let s = previous[session]!; s >= 0 && chain.length < PAST_VISITS_MAX && positions < PAST_MAX; s = previous[s]!) {
    chain.push(s);
    positions += log.sessionOffsets[s + 1]! - log.sessionOffsets[s]!;
  }
  const items: number[] = [];
  const kinds: number[] = [];
  const visits: number[] = [];
  for (const [visit, s] of chain.reverse().entries()) {
    for (let p = log.sessionOffsets[s]!; p < log.sessionOffsets[s + 1]!; p++) {
      items.push(log.items[p]!);
      kinds.push(log.kinds[p]!);
      visits.push(visit);
    }
  }
  return { items, kinds, visits, count: items.length };
}
