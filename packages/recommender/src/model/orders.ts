import type { ItemTables } from "./tables.ts";

/** All items, most visited recently first. */
export const byRecentVisits = (tables: ItemTables): Int32Array => orderBy(tables.recentVisits);

/** Items that sell faster than they used to: share of now over share of always, damped so that three views are no trend. */
export function byTrend({ visits, recentVisits }: ItemTables): Int32Array {
  let all = 0;
  let recent = 0;
  for (let i = 0; i < visits.length; i++) {
    all += visits[i]!;
    recent += recentVisits[i]!;
  }
  const rate = recent / Math.max(1, all);
  const lift = visits.map((v, i) => {
    const expected = v * rate;
    return (recentVisits[i]! - expected) / Math.sqrt(expected + 3);
  });
  return orderBy(lift);
}

function orderBy(scores: Float32Array): Int32Array {
  const order = Int32Array.from(scores, (_, item) => item);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}
