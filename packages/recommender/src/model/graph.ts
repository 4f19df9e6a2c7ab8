import { type Rows, signalAt } from "./rows.ts";
import { TOGETHER } from "./signals.ts";
import { TopK } from "./top-k.ts";

/** The strongest pairs of TOGETHER, as CSR: what is walked for HOP and for the vectors. */
export interface Graph {
  readonly offsets: Uint32Array;
  readonly items: Int32Array;
  /** TOGETHER itself: symmetric but for the cut. */
  readonly weights: Float32Array;
  /** Weights over their row's sum, so that a walk neither grows nor shrinks. */
  readonly shares: Float32Array;
}

const fanOut = 40;

export function strongestPairs(rows: Rows, itemCount: number): Graph {
  const offsets = new Uint32Array(itemCount + 1);
  for (let i = 0; i < itemCount; i++) {
    offsets[i + 1] = offsets[i]! + Math.min(fanOut, rows.rowOffsets[i + 1]! - rows.rowOffsets[i]!);
  }
  const items = new Int32Array(offsets[itemCount]!);
  const weights = new Float32Array(items.length);
  const shares = new Float32Array(items.length);
  const best = new TopK(fanOut);
  for (let from = 0; from < itemCount; from++) {
    best.clear();
    for (let e = rows.rowOffsets[from]!; e < rows.rowOffsets[from + 1]!; e++)
      best.offer(e, signalAt(rows, e, TOGETHER));
    const count = best.sort();
    let total = 0.1;
    for (let r = 0; r < count; r++) total += best.scores[r]!;
    for (let r = 0; r < count; r++) {
      const at = offsets[from]! + r;
      items[at] = rows.neighbours[best.keys[r]!]!;
      weights[at] = best.scores[r]!;
      shares[at] = best.scores[r]! / total;
    }
  }
  return { offsets, items, weights, shares };
}
