import type { InteractionLog } from "../../model/index.ts";
import type { Ranker } from "../ranker.ts";
import { Scores } from "./scores.ts";
import { nearest, recentNeighbours, SessionIndex } from "./session-index.ts";

/**
 * SKNN: the sessions that share most with this one vote for their items (Jannach and Ludewig, "When recurrent neural networks
 * meet the neighborhood for session-based recommendation", RecSys 2017). Cosine of the sets of items, k 500 and the 1,000 most
 * recent sessions as in the paper.
 */
export function sknn(log: InteractionLog, k = 500, sample = 1000): Ranker {
  const index = new SessionIndex(log);
  const scores = new Scores(log.itemIds.length);
  return {
    name: "sknn",
    rank(task, novel, out) {
      const mine = new Set(task.items.subarray(0, task.count));
      const neighbours = recentNeighbours(index, mine, sample).map((session) => {
        const distinct = index.distinctOf(session);
        let shared = 0;
        for (const item of distinct) if (mine.has(item)) shared++;
        return { session, similarity: shared / Math.sqrt(mine.size * distinct.length) };
      });
      for (const { session, similarity } of nearest(neighbours, k)) {
        for (const item of index.distinctOf(session)) scores.add(item, similarity);
      }
      return scores.drain(task, novel, out);
    },
  };
}
