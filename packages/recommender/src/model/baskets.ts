import type { InteractionLog } from "./interaction-log.ts";
import { TopK } from "./top-k.ts";

/** CSR of what is purchased together, best first. */
export interface Baskets {
  readonly rowOffsets: Uint32Array;
  readonly neighbours: Int32Array;
  readonly values: Float32Array;
}

const ROW_MAX = 60;
/** A wholesale basket of hundreds says little about each of its pairs, and costs their square. */
const BASKET_MAX = 100;
const DAMPING = 3;

/** Cosine of co-purchase with damping; a basket's pairs share its weight, so a large one does not outvote many small ones. */
export function buildBaskets(log: InteractionLog): Baskets {
  const itemCount = log.itemIds.length;
  const { basketOffsets, basketItems } = log;
  const starts = new Uint32Array(itemCount + 1);
  for (const item of basketItems) starts[item + 1]! += 1;
  for (let i = 1; i <= itemCount; i++) starts[i]! += starts[i - 1]!;
  const next = starts.slice();
  const basketOf = new Uint32Array(basketItems.length);
  for (let b = 0; b + 1 < basketOffsets.length; b++) {
    for (let p = basketOffsets[b]!; p < basketOffsets[b + 1]!; p++) {
      basketOf[next[basketItems[p]!]!] = b;
      next[basketItems[p]!]! += 1;
    }
  }
  const sums = new Float32Array(itemCount);
  const touched = new Int32Array(itemCount);
  const best = new TopK(ROW_MAX);
  const rowOffsets = new Uint32Array(itemCount + 1);
  const neighbours: number[] = [];
  const values: number[] = [];
  for (let from = 0; from < itemCount; from++) {
    let touchedCount = 0;
    for (let o = starts[from]!; o < starts[from + 1]!; o++) {
      const start = basketOffsets[basketOf[o]!]!;
      const size = Math.min(basketOffsets[basketOf[o]! + 1]! - start, BASKET_MAX);
      const weight = 1 / Math.log2(1 + size);
      for (let p = start; p < start + size; p++) {
        const to = basketItems[p]!;
        if (to === from) continue;
        if (sums[to] === 0) touched[touchedCount++] = to;
        sums[to]! += weight;
      }
    }
    best.clear();
    const here = starts[from + 1]! - starts[from]!;
    for (let t = 0; t < touchedCount; t++) {
      const to = touched[t]!;
      const there = starts[to + 1]! - starts[to]!;
      best.offer(to, sums[to]! / Math.sqrt((here + DAMPING) * (there + DAMPING)));
      sums[to] = 0;
    }
    const count = best.sort();
    for (let r = 0; r < count; r++) {
      neighbours.push(best.keys[r]!);
      values.push(best.scores[r]!);
    }
    rowOffsets[from + 1] = neighbours.length;
  }
  return { rowOffsets, neighbours: Int32Array.from(neighbours), values: Float32Array.from(values) };
}
