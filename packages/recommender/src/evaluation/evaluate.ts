import type { InteractionLog } from "../model/index.ts";
import { type Quality, QualityMeter, SpreadMeter } from "./metrics.ts";
import type { Ranker, Task } from "./ranker.ts";
import type { TestRow } from "./session-file.ts";

const LIST = 20;

export interface Evaluation {
  readonly name: string;
  /** Every row; an item of the prefix may be the answer, as in the papers. */
  readonly all: Quality;
  /** Rows whose target is not in the prefix, with the prefix's items kept off the lists. */
  readonly novel: Quality;
  readonly coverage: number;
  readonly popularityBias: number;
  /** Of one list of 20, every row once. */
  readonly latencyUs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

/** Ranks over all items. A target that training never saw is a miss; unknown items of a prefix are skipped. */
export function evaluate(ranker: Ranker, log: InteractionLog, rows: readonly TestRow[]): Evaluation {
  const indexOf = new Map(log.itemIds.map((id, index) => [id, index]));
  const clicks = new Float64Array(log.itemIds.length);
  for (const item of log.items) clicks[item]! += 1;
  const longest = rows.reduce((most, { prefix }) => Math.max(most, prefix.length), 0);
  const task: Task = { items: new Int32Array(longest), count: 0, at: undefined };
  const out = new Int32Array(LIST);
  const all = new QualityMeter();
  const novel = new QualityMeter();
  const spread = new SpreadMeter(clicks);
  const latencies = new Float64Array(rows.length);

  for (let r = 0; r < rows.length; r++) {
    const { prefix, target, at } = rows[r]!;
    task.count = 0;
    task.at = at;
    for (const id of prefix) {
      const item = indexOf.get(id);
      if (item !== undefined) task.items[task.count++] = item;
    }
    const wanted = indexOf.get(target) ?? -1;
    const start = performance.now();
    const count = ranker.rank(task, false, out);
    latencies[r] = (performance.now() - start) * 1000;
    all.add(rankOf(wanted, out, count));
    spread.add(out, count, wanted);
    if (prefix.includes(target)) continue;
    novel.add(rankOf(wanted, out, ranker.rank(task, true, out)));
  }
  latencies.sort();
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return {
    name: ranker.name,
    all: all.result(),
    novel: novel.result(),
    coverage: spread.coverage(),
    popularityBias: spread.popularityBias(),
    latencyUs: { p50: at(0.5), p90: at(0.9), p99: at(0.99) },
  };
}

function rankOf(wanted: number, list: Int32Array, count: number): number {
  for (let i = 0; i < count; i++) if (list[i] === wanted) return i;
  return -1;
}
