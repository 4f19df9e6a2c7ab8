import { type InteractionLog, sessionCount } from "./interaction-log.ts";

/** What the log says of each item alone. */
export interface Visits {
  /** Interactions of each item: all, and with sessions decayed by age. */
  readonly visits: Float32Array;
  readonly recentVisits: Float32Array;
  /** Log of how long ago it was last seen, as a share of the log. */
  readonly lastSeen: Float32Array;
  /** Of its interactions, how many came back to it in a session, ended one, began one; damped. */
  readonly repeatRate: Float32Array;
  readonly exitRate: Float32Array;
  readonly entryRate: Float32Array;
}

/** Age at which a session counts 1/e, as a share of all sessions: 12% of a three-month log is eleven days. */
const recentShare = 0.12;

/** What each session counts in everything that is about now. */
export function sessionWeights(sessions: number): Float32Array {
  return Float32Array.from({ length: sessions }, (_, s) => Math.exp(-(sessions - 1 - s) / (recentShare * sessions)));
}

export function countVisits(log: InteractionLog): Visits {
  const { items, sessionOffsets, itemIds } = log;
  const sessions = sessionCount(log);
  const weights = sessionWeights(sessions);
  const [visits, recentVisits, repeats, exits, entries] = Array.from(
    { length: 5 },
    () => new Float32Array(itemIds.length),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const last = new Int32Array(itemIds.length).fill(-1);
  for (let s = 0; s < sessions; s++) {
    const end = sessionOffsets[s + 1]!;
    for (let p = sessionOffsets[s]!; p < end; p++) {
      const item = items[p]!;
      visits[item]! += 1;
      recentVisits[item]! += weights[s]!;
      if (last[item] === s) repeats[item]! += 1;
      last[item] = s;
    }
    if (end === sessionOffsets[s]) continue;
    entries[items[sessionOffsets[s]!]!]! += 1;
    exits[items[end - 1]!]! += 1;
  }
  const rate = (counts: Float32Array) => counts.map((count, item) => (count + 0.2) / (visits[item]! + 1));
  return {
    visits,
    recentVisits,
    lastSeen: Float32Array.from(last, (s) => Math.log((sessions - s) / Math.max(1, sessions))),
    repeatRate: rate(repeats),
    exitRate: rate(exits),
    entryRate: rate(entries),
  };
}
