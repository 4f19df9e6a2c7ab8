import type { InteractionLog } from "../../model/index.ts";
import type { Ranker } from "../ranker.ts";
import { Scores } from "./scores.ts";
import { clicksBack, nearest, nearestClick, recentNeighbours, SessionIndex } from "./session-index.ts";

/**
 * V-SKNN: sessions as vectors in which later clicks weigh more (Ludewig and Jannach, "Evaluation of session-based recommendation
 * algorithms", UMUAI 2018). Defaults of the authors' session-rec: k 100, the 1,000 most recent sessions, `div` for both decays.
 */
export function vSknn(log: InteractionLog, k = 100, sample = 1000): Ranker {
  const index = new SessionIndex(log);
  const scores = new Scores(log.itemIds.length);
  return {
    name: "vSknn",
    rank(task, novel, out) {
      const { items, count } = task;
      const weights = new Map<number, number>();
      const backOf = clicksBack(task);
      for (let i = 0; i < count; i++) weights.set(items[i]!, (i + 1) / count);
      const neighbours = recentNeighbours(index, weights.keys(), sample).map((session) => {
        let shared = 0;
        for (const item of index.distinctOf(session)) shared += weights.get(item) ?? 0;
        return { session, similarity: shared / weights.size };
      });
      for (const { session, similarity } of nearest(neighbours, k)) {
        const distinct = index.distinctOf(session);
        const back = nearestClick(distinct, backOf);
        for (const item of distinct) scores.add(item, similarity / back);
      }
      return scores.drain(task, novel, out);
    },
  };
}
