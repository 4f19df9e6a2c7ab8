import type { InteractionLog } from "../model/index.ts";
import { type Quality, QualityMeter, SpreadMeter } from "./metrics.ts";
import type { Ranker, Task } from "./ranker.ts";
import type { TestRow } from "./test-row.ts";

const LIST = 20;

export interface Evaluation {
  readonly name: string;
  /** Every row; an item of the prefix may be the answer, as in the papers. */
  readonly all: Quality;
  /** Targets that are not in the prefix, with the prefix's items kept off the lists. */
  readonly novel: Quality;
  readonly coverage: number;
  readonly popularityBias: number;
  readonly distinctness: number;
  /** Of one list of 20, every row once. */
  readonly latencyUs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

export interface EvaluateOptions {
  /** The prefix is what is in view or in the cart: it never is the answer, and `all` is the same as `novel`. */
  readonly novelOnly?: boolean;
  /** Item index to product: see SpreadMeter. */
  readonly groupOf?: Int32Array | undefined;
}

/** Ranks over all items. A target that training never saw is a miss; unknown items of a prefix are skipped. */
export function evaluate(
  ranker: Ranker,
  log: InteractionLog,
  rows: readonly TestRow[],
  { novelOnly = false, groupOf }: EvaluateOptions = {},
): Evaluation {
  const indexOf = new Map(log.itemIds.map((id, index) => [id, index]));
  const clicks = new Float64Array(log.itemIds.length);
  for (const item of log.items) clicks[item]! += 1;
  const longest = rows.reduce((most, { prefix }) => Math.max(most, prefix.length), 0);
  const out = new Int32Array(LIST);
  const all = new QualityMeter();
  const novel = new QualityMeter();
  const spread = new SpreadMeter(clicks, groupOf);
  const latencies = new Float64Array(rows.length);
  const items = new Int32Array(longest);

  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const task: Task = { items, count: 0, at: row.at, row };
    for (const id of row.prefix) {
      const item = indexOf.get(id);
      if (item !== undefined) items[task.count++] = item;
    }
    const judge = (meter: QualityMeter, targets: readonly string[], count: number) => {
      const wanted = targets.map((id) => indexOf.get(id)).filter((item) => item !== undefined);
      meter.add(ranksOf(wanted, out, count), targets.length);
      return wanted;
    };
    const start = performance.now();
    const count = ranker.rank(task, novelOnly, out);
    latencies[r] = (performance.now() - start) * 1000;
    for (const item of judge(all, row.targets, count)) spread.addTarget(item);
    spread.addList(out, count);
    if (novelOnly) continue;
    const unseen = row.targets.filter((id) => !row.prefix.includes(id));
    if (unseen.length > 0) judge(novel, unseen, ranker.rank(task, true, out));
  }
  latencies.sort();
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return {
    name: ranker.name,
    all: all.result(),
    novel: novelOnly ? all.result() : novel.result(),
    coverage: spread.coverage(),
    popularityBias: spread.popularityBias(),
    distinctness: spread.distinctness(),
    latencyUs: { p50: at(0.5), p90: at(0.9), p99: at(0.99) },
  };
}

function ranksOf(wanted: readonly number[], list: Int32Array, count: number): number[] {
  const ranks: number[] = [];
  for (let i = 0; i < count; i++) if (wanted.includes(list[i]!)) ranks.push(i);
  return ranks;
}
