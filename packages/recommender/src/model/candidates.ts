import { type ItemTables, SIGNAL_COUNT } from "./tables.ts";
import { TopK } from "./top-k.ts";

/** A session as the model sees it: item indices, oldest first, the first `count` of `items` being used. */
export interface SessionItems {
  readonly items: ArrayLike<number>;
  readonly count: number;
}

/** How many distinct items back a session is looked at. */
const STEPS = 6;
/** How much of a signal is left for each distinct item further back. */
const STEP_DECAY = [0.45, 0.6, 0.7, 0.75, 0.65, 0.75] as const;
const BLEND = [1, 1.2, 0.6, 1.2, 0.8, 0.5] as const;

/** Candidates that reach the reranker. */
export const KEPT_MAX = 100;
/** Newest items of a session that are candidates themselves. */
const OWN_MAX = 50;
/** Above every blend, which is a sum of at most STEPS rows of normalized signals. */
const OWN_LIFT = 1e3;

/** Signals are kept twice for each candidate: decayed over the session's steps, then from the last item alone. */
export const SUMS = 2 * SIGNAL_COUNT;

/**
 * Gathers the candidates for one session: the neighbours of its last distinct items, with their signals summed. All
 * memory is made once; a candidate is a slot number, valid until the next `gather`.
 */
export class Candidates {
  readonly #tables: ItemTables;
  readonly #slotOf: Int32Array;
  readonly #best: TopK;
  readonly #weights = new Float64Array(SIGNAL_COUNT);

  /** Item of each slot. */
  readonly items: Int32Array;
  /** SUMS numbers for each slot. */
  readonly sums: Float32Array;
  /** Blend of the decayed sums: decides which slots are kept. */
  readonly blend: Float32Array;
  /** The step (0 = last distinct item) and signal that gave a slot its greatest share, for reasons. */
  readonly sourceStep: Int8Array;
  readonly #sourceShare: Float32Array;
  count = 0;
  #ownCount = 0;

  /** The session's distinct items, newest first. */
  readonly steps = new Int32Array(STEPS);
  stepCount = 0;

  /** Kept slots, best blend first, after `select`. */
  readonly kept: Int32Array;
  keptCount = 0;

  constructor(tables: ItemTables, rowMax: number, keptMax: number) {
    const slots = Math.min(tables.itemCount, STEPS * rowMax + OWN_MAX);
    this.#tables = tables;
    this.#slotOf = new Int32Array(tables.itemCount).fill(-1);
    this.items = new Int32Array(slots);
    this.sums = new Float32Array(slots * SUMS);
    this.blend = new Float32Array(slots);
    this.sourceStep = new Int8Array(slots);
    this.#sourceShare = new Float32Array(slots);
    this.#best = new TopK(keptMax);
    this.kept = this.#best.keys;
  }

  gather(session: SessionItems): void {
    this.#reset();
    this.#takeSteps(session);
    this.#takeOwn(session);
    for (let step = 0; step < this.stepCount; step++) {
      for (let k = 0; k < SIGNAL_COUNT; k++) this.#weights[k] = STEP_DECAY[k]! ** step;
      this.#slot(this.steps[step]!);
      this.#addRow(this.steps[step]!, step);
    }
  }

  /**
   * Keeps the session's own items and, of the others that `accept` lets through, those with the best blend. Shoppers
   * come back to what they saw far more often than the tables say; how often, the reranker learns.
   */
  select(accept: (item: number) => boolean): void {
    this.#best.clear();
    for (let slot = 0; slot < this.count; slot++) {
      if (accept(this.items[slot]!)) this.#best.offer(slot, this.blend[slot]! + (slot < this.#ownCount ? OWN_LIFT : 0));
    }
    this.keptCount = this.#best.sort();
  }

  slotOf(item: number): number {
    return this.#slotOf[item]!;
  }

  #reset(): void {
    for (let slot = 0; slot < this.count; slot++) this.#slotOf[this.items[slot]!] = -1;
    this.count = 0;
  }

  #takeSteps({ items, count }: SessionItems): void {
    this.stepCount = 0;
    for (let i = count - 1; i >= 0 && this.stepCount < STEPS; i--) {
      const item = items[i]!;
      let known = false;
      for (let s = 0; s < this.stepCount; s++) known ||= this.steps[s] === item;
      if (!known) this.steps[this.stepCount++] = item;
    }
  }

  /** The session's distinct items take the first slots. */
  #takeOwn({ items, count }: SessionItems): void {
    for (let i = count - 1; i >= Math.max(0, count - OWN_MAX); i--) this.#slot(items[i]!);
    this.#ownCount = this.count;
  }

  #slot(item: number): number {
    const known = this.#slotOf[item]!;
    if (known >= 0) return known;
    const slot = this.count++;
    this.#slotOf[item] = slot;
    this.items[slot] = item;
    this.sums.fill(0, slot * SUMS, (slot + 1) * SUMS);
    this.blend[slot] = 0;
    this.sourceStep[slot] = 0;
    this.#sourceShare[slot] = 0;
    return slot;
  }

  #addRow(from: number, step: number): void {
    const { rowOffsets, neighbours, values } = this.#tables;
    const sums = this.sums;
    const weights = this.#weights;
    for (let e = rowOffsets[from]!; e < rowOffsets[from + 1]!; e++) {
      const slot = this.#slot(neighbours[e]!);
      const base = slot * SUMS;
      const from = e * SIGNAL_COUNT;
      let share = 0;
      for (let k = 0; k < SIGNAL_COUNT; k++) {
        const value = values[from + k]!;
        const weighted = value * weights[k]!;
        sums[base + k]! += weighted;
        if (step === 0) sums[base + SIGNAL_COUNT + k] = value;
        share += BLEND[k]! * weighted;
      }
      this.blend[slot]! += share;
      if (share > this.#sourceShare[slot]!) {
        this.#sourceShare[slot] = share;
        this.sourceStep[slot] = step;
      }
    }
  }
}
