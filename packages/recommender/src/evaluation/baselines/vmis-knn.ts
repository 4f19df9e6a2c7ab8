import type { InteractionLog } from "../../model/index.ts";
import type { Ranker } from "../ranker.ts";
import { Scores } from "./scores.ts";
import { clicksBack, nearest, nearestClick, recentNeighbours, SessionIndex } from "./session-index.ts";

/**
 * VMIS-kNN (Kersbergen, Sprangers and Schelter, "Serenade: Low-Latency Session-Based Recommendation in e-Commerce at Scale",
 * SIGMOD 2022): V-SKNN on an index with the m most recent sessions of an item, idf on the answer, linear decay of the match.
 * Defaults of Serenade: m 500, k 500. As there, the last item itself is never recommended.
 */
export function vmisKnn(log: InteractionLog, k = 500, m = 500): Ranker {
  const index = new SessionIndex(log);
  const scores = new Scores(log.itemIds.length);
  return {
    name: "vmisKnn",
    rank(task, novel, out) {
      const { items, count } = task;
      const weights = new Map<number, number>();
      const backOf = clicksBack(task);
      for (let i = 0; i < count; i++) weights.set(items[i]!, (i + 1) / count);
      const neighbours = recentNeighbours(index, weights.keys(), m).map((session) => {
        let similarity = 0;
        for (const item of index.distinctOf(session)) similarity += weights.get(item) ?? 0;
        return { session, similarity };
      });
      for (const { session, similarity } of nearest(neighbours, k)) {
        const distinct = index.distinctOf(session);
        const back = nearestClick(distinct, backOf);
        // Serenade looks at ten items at most, so that this never turns negative.
        const decay = Math.max(0, 1 - 0.1 * back);
        for (const item of distinct) scores.add(item, decay * index.idf[item]! * similarity);
      }
      if (count > 0) scores.remove(items[count - 1]!);
      return scores.drain(task, novel, out);
    },
  };
}
