import type { InteractionLog } from "../../model/index.ts";
import { TopK } from "../../model/top-k.ts";
import type { Ranker } from "../ranker.ts";
import { byClicks } from "./naive.ts";
import { Scores } from "./scores.ts";
import { SessionIndex } from "./session-index.ts";

/** The log's baskets as if they were its sessions: session baselines then speak of what is bought together. */
export function basketsAsSessions(log: InteractionLog): InteractionLog {
  return {
    ...log,
    sessionOffsets: log.basketOffsets,
    items: log.basketItems,
    kinds: new Uint8Array(log.basketItems.length),
    times: undefined,
  };
}

/** How often each item shares a session (or basket) with the task's items, summed over them: "bought together" by counting. */
export function coOccurrence(log: InteractionLog): Ranker {
  return neighbourSums("coOccurrence", log, () => 1);
}

/** The same by cosine, rare items damped, as item-kNN weighs them. */
export function itemKnnOfAll(log: InteractionLog, lambda = 20): Ranker {
  return neighbourSums("itemKnn", log, (from, to) => 1 / Math.sqrt((from + lambda) * (to + lambda)));
}

/** Neighbours of an item that vote; twice item-kNN's, since a basket's items agree on some that are far down for each. */
const neighboursMax = 200;

/** Rows are made when first asked for. */
function neighbourSums(name: string, log: InteractionLog, weight: (from: number, to: number) => number): Ranker {
  const index = new SessionIndex(log);
  const itemCount = log.itemIds.length;
  const support = new Float64Array(itemCount);
  for (const item of log.items) support[item]! += 1;
  const counts = new Float64Array(itemCount);
  const lastIn = new Int32Array(itemCount).fill(-1);
  const best = new TopK(neighboursMax);
  const rows = new Map<number, { items: Int32Array; scores: Float32Array }>();
  const scores = new Scores(itemCount);

  const rowOf = (from: number) => {
    const touched: number[] = [];
    for (const session of index.sessionsOf(from, Number.POSITIVE_INFINITY)) {
      for (const item of index.itemsOf(session)) {
        if (item === from || lastIn[item] === session) continue;
        lastIn[item] = session;
        if (counts[item] === 0) touched.push(item);
        counts[item]! += 1;
      }
    }
    best.clear();
    for (const item of touched) {
      best.offer(item, counts[item]! * weight(support[from]!, support[item]!));
      counts[item] = 0;
      lastIn[item] = -1;
    }
    const count = best.sort();
    return { items: best.keys.slice(0, count), scores: best.scores.slice(0, count) };
  };

  return {
    name,
    rank(task, novel, out) {
      for (const from of new Set(task.items.subarray(0, task.count))) {
        const row = rows.get(from) ?? rowOf(from);
        rows.set(from, row);
        for (let i = 0; i < row.items.length; i++) scores.add(row.items[i]!, row.scores[i]!);
      }
      return scores.drain(task, novel, out);
    },
  };
}

/** What the shopper bought most often, the most recent of equals first; then the most bought of all. */
export function ownItems(log: InteractionLog): Ranker {
  const order = byClicks(log);
  return {
    name: "ownItems",
    rank({ items, count }, novel, out) {
      const times = new Map<number, { often: number; last: number }>();
      for (let i = 0; i < count; i++) times.set(items[i]!, { often: (times.get(items[i]!)?.often ?? 0) + 1, last: i });
      let written = 0;
      if (!novel) {
        const mine = [...times].sort(([, a], [, b]) => b.often - a.often || b.last - a.last);
        for (const [item] of mine.slice(0, out.length)) out[written++] = item;
      }
      for (let i = 0; i < order.length && written < out.length; i++) {
        if (!times.has(order[i]!)) out[written++] = order[i]!;
      }
      return written;
    },
  };
}
