import type { InteractionLog } from "../../model/index.ts";
import { TopK } from "../../model/top-k.ts";
import type { Ranker } from "../ranker.ts";
import { Scores } from "./scores.ts";
import { SessionIndex } from "./session-index.ts";

/**
 * Item-kNN as in Hidasi et al. (ICLR 2016): items by their cosine with the last one, rare ones damped. Defaults of the authors'
 * code: 100 neighbours, lambda 20, alpha 0.5. Rows are made when first asked for.
 */
export function itemKnn(log: InteractionLog, neighbours = 100, lambda = 20): Ranker {
  const index = new SessionIndex(log);
  const itemCount = log.itemIds.length;
  const support = new Float64Array(itemCount);
  for (const item of log.items) support[item]! += 1;
  const counts = new Float64Array(itemCount);
  const rows = new Map<number, { items: Int32Array; scores: Float32Array }>();
  const scores = new Scores(itemCount);

  const row = (from: number) => {
    const seen = new Set<number>();
    for (const session of index.sessionsOf(from, Number.POSITIVE_INFINITY)) {
      const clicks = index.itemsOf(session);
      let times = 0;
      for (const item of clicks) if (item === from) times++;
      for (const item of clicks) {
        seen.add(item);
        counts[item]! += times;
      }
    }
    const best = new TopK(neighbours);
    for (const item of seen) {
      const norm = Math.sqrt((support[from]! + lambda) * (support[item]! + lambda));
      if (item !== from) best.offer(item, counts[item]! / norm);
      counts[item] = 0;
    }
    const count = best.sort();
    return { items: best.keys.slice(0, count), scores: best.scores.slice(0, count) };
  };

  return {
    name: "itemKnn",
    rank(task, novel, out) {
      if (task.count === 0) return 0;
      const last = task.items[task.count - 1]!;
      const known = rows.get(last) ?? row(last);
      rows.set(last, known);
      for (let i = 0; i < known.items.length; i++) scores.add(known.items[i]!, known.scores[i]!);
      return scores.drain(task, novel, out);
    },
  };
}
