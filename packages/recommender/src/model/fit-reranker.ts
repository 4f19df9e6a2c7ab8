import { Candidates, KEPT_MAX } from "./candidates.ts";
import { FEATURE_COUNT, Features } from "./features.ts";
import { fitLists, type Lists, ListWriter } from "./fit-lists.ts";
import type { HeldOut } from "./held-out.ts";
import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import { seededRandom } from "./random.ts";

const listsMax = 40_000;
/** Steps of one session that are learned from. */
const stepsMax = 50;

/**
 * Fits the reranker on the shop's own newest sessions: for each step the next item should rank first among the
 * candidates. Undefined when there is too little to learn from: the blend ranks then.
 */
export function fitReranker(log: InteractionLog, heldOut: HeldOut, seed: number): Float32Array | undefined {
  const random = seededRandom(seed);
  return fitLists(collectLists(log, heldOut, random), FEATURE_COUNT, random);
}

function collectLists(log: InteractionLog, { from, tables, vectors }: HeldOut, random: () => number): Lists {
  const sessions = sessionCount(log);
  const candidates = new Candidates(tables);
  const features = new Features(tables, vectors);
  const first = log.sessionOffsets[from]!;
  const every = Math.max(1, (log.items.length - first) / listsMax);
  const lists = new ListWriter(FEATURE_COUNT, listsMax);
  const drawn = new Uint32Array(KEPT_MAX);
  let next = 0;
  for (let s = from; s < sessions; s++) {
    const start = log.sessionOffsets[s]!;
    const end = log.sessionOffsets[s + 1]!;
    // Of a robot's hundred thousand steps the first say as much as all, and must not outweigh every shopper's.
    const items = log.items.subarray(start, Math.min(end, start + stepsMax));
    for (let position = 1; position < items.length && !lists.full; position++) {
      // Evenly over the held-out sessions when there are more steps than lists.
      if (start + position - first < next) continue;
      next += every;
      const session = { items, count: position };
      candidates.gather(session);
      candidates.select(() => true);
      const clicked = rankOf(candidates, items[position]!);
      if (clicked < 0) continue;
      features.begin(candidates, session);
      let others = 0;
      for (let r = 0; r < candidates.keptCount; r++) if (r !== clicked) drawn[others++] = r;
      lists.add(clicked, drawn.subarray(0, others), random, (r, out, at) =>
        features.write(candidates, session, r, out, at),
      );
    }
  }
  return lists.finish();
}

function rankOf(candidates: Candidates, item: number): number {
  for (let r = 0; r < candidates.keptCount; r++) if (candidates.items[candidates.kept[r]!] === item) return r;
  return -1;
}
