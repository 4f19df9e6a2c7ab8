import { TopK } from "../../model/top-k.ts";
import type { Task } from "../ranker.ts";

/** Sums per item for one task, in a dense array that is cleared by what was touched. */
export class Scores {
  readonly #sums: Float64Array;
  readonly #touched: Int32Array;
  readonly #isTouched: Uint8Array;
  #count = 0;

  constructor(itemCount: number) {
    this.#sums = new Float64Array(itemCount);
    this.#touched = new Int32Array(itemCount);
    this.#isTouched = new Uint8Array(itemCount);
  }

  add(item: number, score: number): void {
    if (this.#isTouched[item] === 0) {
      this.#isTouched[item] = 1;
      this.#touched[this.#count++] = item;
    }
    this.#sums[item]! += score;
  }

  /** Takes the item off the list. */
  remove(item: number): void {
    if (this.#isTouched[item] === 1) this.#sums[item] = 0;
  }

  /** Writes the best items with a positive score to `out`, clears all, returns how many. */
  drain(task: Task, novel: boolean, out: Int32Array): number {
    if (novel) for (let i = 0; i < task.count; i++) this.remove(task.items[i]!);
    const best = new TopK(out.length);
    for (let t = 0; t < this.#count; t++) {
      const item = this.#touched[t]!;
      if (this.#sums[item]! > 0) best.offer(item, this.#sums[item]!);
      this.#sums[item] = 0;
      this.#isTouched[item] = 0;
    }
    this.#count = 0;
    const count = best.sort();
    out.set(best.keys.subarray(0, count));
    return count;
  }
}
