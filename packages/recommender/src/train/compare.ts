import {
  createList,
  firstSessions,
  type InteractionLog,
  type Model,
  sessionCount,
  trainModel,
} from "../model/index.ts";

export interface Comparison {
  /** RFC 3339: what came after this neither side had counted. */
  readonly since: string;
  readonly sessions: number;
  /** Next items that were asked of both. */
  readonly predictions: number;
  /** Shares of them that were among the first 20. */
  readonly championHr20: number;
  readonly candidateHr20: number;
  /** Candidate less champion, with its 95% interval. */
  readonly difference: { readonly value: number; readonly low: number; readonly high: number };
}

export interface Judged {
  readonly promote: boolean;
  readonly reason: string;
  readonly comparison?: Comparison;
}

export interface CompareOptions {
  readonly champion: Model;
  /** Unix seconds of the newest event that the champion counted. */
  readonly championUntil: number;
  readonly seed: number;
  readonly trainedAt: number;
}

const DAY_SECONDS = 86_400;
const LIST = 20;
/** Below this nothing can be told apart, and a twin is not worth its time. */
const PREDICTIONS_MIN = 100;
const SESSIONS_MIN = 30;
/** The newest ones; at a fraction of a millisecond each, both models together take a few seconds at most. */
const PREDICTIONS_MAX = 10_000;
/** The normal distribution's 97.5% point. */
const Z = 1.959964;

/**
 * Whether a log's model may take over, judged by the hit rate at 20 of the next item on the tenant's last day. The
 * candidate has counted that day itself, so a twin stands in for it: the same training on everything before. The
 * champion must not have counted it either, so the day begins no earlier than where the champion's log ended. Too little
 * traffic to tell counts as not worse.
 */
export function compareWithChampion(log: InteractionLog, options: CompareOptions): Judged {
  const { champion, championUntil, seed, trainedAt } = options;
  const { times } = log;
  if (times === undefined) return notWorse("the log has no times");
  const newest = times.at(-1) ?? 0; // sessions are ordered by their end
  const since = Math.max(newest - DAY_SECONDS, championUntil);
  const test = sessionsSince(log, times, since);
  if (test.sessions.length < SESSIONS_MIN || test.predictions < PREDICTIONS_MIN) {
    return notWorse(
      `too little traffic to tell: ${test.predictions} next items in ${test.sessions.length} visits since ${isoOf(since)}, at least ${PREDICTIONS_MIN} in ${SESSIONS_MIN} are needed`,
    );
  }
  const before = firstSessionEndingAfter(log, times, since);
  if (before === 0) return notWorse("everything happened on the last day");
  const { model: twin } = trainModel(firstSessions(log, before), { seed, trainedAt });
  const comparison = compare(log, test.sessions, twin, champion, since);
  const { low, high, value } = comparison.difference;
  const numbers = `${percent(comparison.candidateHr20)} against the champion's ${percent(comparison.championHr20)}, difference ${percent(value)} (${percent(low)} to ${percent(high)})`;
  return high < 0
    ? { promote: false, reason: `worse than the champion: hit rate at 20 ${numbers}`, comparison }
    : { promote: true, reason: `not worse than the champion: hit rate at 20 ${numbers}`, comparison };
}

const notWorse = (reason: string): Judged => ({ promote: true, reason });
const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

/** Newest first, those that lie wholly after `since` and have a next item. */
function sessionsSince(log: InteractionLog, times: Float64Array, since: number) {
  const sessions: number[] = [];
  let predictions = 0;
  for (let s = sessionCount(log) - 1; s >= 0 && predictions < PREDICTIONS_MAX; s--) {
    const [start, end] = [log.sessionOffsets[s] as number, log.sessionOffsets[s + 1] as number];
    if ((times[end - 1] as number) <= since) break;
    if ((times[start] as number) <= since || end - start < 2) continue;
    sessions.push(s);
    predictions += end - start - 1;
  }
  return { sessions, predictions };
}

function firstSessionEndingAfter(log: InteractionLog, times: Float64Array, since: number): number {
  let count = sessionCount(log);
  while (count > 0 && (times[(log.sessionOffsets[count] as number) - 1] as number) > since) count--;
  return count;
}

function compare(
  log: InteractionLog,
  sessions: readonly number[],
  twin: Model,
  champion: Model,
  since: number,
): Comparison {
  const championIndex = new Map<number, number>();
  const indexFor = (item: number): number => {
    let index = championIndex.get(item);
    if (index === undefined) {
      index = champion.indexOf(log.itemIds[item] as string);
      championIndex.set(item, index);
    }
    return index;
  };
  const twinHits = hitCounter(twin, (item) => item);
  const championHits = hitCounter(champion, indexFor);

  // Visits are independent, the steps of one are not: the interval is that of a ratio of sums over visits.
  let predictions = 0;
  let ours = 0;
  let theirs = 0;
  const pairs: [difference: number, count: number][] = [];
  for (const s of sessions) {
    const items = log.items.subarray(log.sessionOffsets[s], log.sessionOffsets[s + 1]);
    const [mine, other] = [twinHits(items), championHits(items)];
    ours += mine;
    theirs += other;
    predictions += items.length - 1;
    pairs.push([mine - other, items.length - 1]);
  }
  const value = (ours - theirs) / predictions;
  const squares = pairs.reduce((sum, [difference, count]) => sum + (difference - value * count) ** 2, 0);
  const half = (Z * Math.sqrt((squares * pairs.length) / (pairs.length - 1))) / predictions;
  return {
    since: isoOf(since),
    sessions: sessions.length,
    predictions,
    championHr20: theirs / predictions,
    candidateHr20: ours / predictions,
    difference: { value, low: value - half, high: value + half },
  };
}

/** Counts the steps of a session whose item a model had among its first 20. Items it does not know are misses. */
function hitCounter(model: Model, indexOf: (item: number) => number): (items: Int32Array) => number {
  const list = createList(LIST);
  return (items) => {
    const known = items.map(indexOf);
    let hits = 0;
    for (let count = 1; count < known.length; count++) {
      const wanted = known[count] as number;
      if (wanted < 0) continue;
      model.rank({ items: known, count }, { limit: LIST }, list);
      if (list.items.subarray(0, list.count).includes(wanted)) hits++;
    }
    return hits;
  };
}
