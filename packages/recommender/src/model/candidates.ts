import { nthLargest } from "../nth-largest.ts";
import { decoded } from "./minifloat.ts";
import { longestRow } from "./rows.ts";
import { BLEND, SIGNAL_COUNT, type Six } from "./signals.ts";
import type { ItemTables } from "./tables.ts";
import { TopK } from "./top-k.ts";

/** A session as the model sees it: item indices, oldest first, the first `count` of `items` being used. */
export interface SessionItems {
  readonly items: ArrayLike<number>;
  readonly count: number;
}

/** Candidates that reach the reranker. */
export const KEPT_MAX = 140;
/** Of more candidates, the best ones that are looked at first: enough where nearly all may be shown. */
const ASKED_FIRST = 170;
/** How many distinct items back a session is looked at. */
const STEPS = 6;
/** How much of each signal is left for each distinct item further back. */
const STEP_DECAY: Six = [0.45, 0.6, 0.7, 0.75, 0.65, 0.75];
/**
 * How many of a row's entries, which come best first, are taken for each distinct item further back: what the tail of an
 * older row adds is too little to bring a candidate in, and its reading is a third of a long session's ranking.
 */
const STEP_ENTRIES: Six = [160, 110, 80, 60, 50, 40];
/** Newest clicks of a session whose items are candidates themselves. */
export const OWN_MAX = 50;
/** Below every signal that a row keeps; sums start at it, so that they have a logarithm. */
export const SUM_FLOOR = 1e-4;
/** Above every blend, which is a sum of at most STEPS rows of normalised signals. */
const OWN_LIFT = 1e3;

/**
 * Gathers the candidates for one session: its own items, and the neighbours of its last distinct items with their signals
 * summed. All memory is made once; a candidate is a slot number, valid until the next `gather`.
 */
export class Candidates {
  readonly #tables: ItemTables;
  readonly #slotOf: Int32Array;
  readonly #best: TopK;
  readonly #sourceShare: Float32Array;
  readonly #weightsOfSlots: Float64Array;
  readonly #accepted: Int32Array;
  readonly #weightsOfAccepted: Float64Array;
  readonly #sorting: Float64Array;

  /** Item of each slot. */
  readonly items: Int32Array;
  /** SIGNAL_COUNT numbers for each slot: the signals, decayed over the session's steps and summed, and SUM_FLOOR. */
  readonly sums: Float32Array;
  /** The sums when only the last item had been added, of the first `lastCount` slots: the others are at SUM_FLOOR. */
  readonly lastSums: Float32Array;
  lastCount = 0;
  /** The sums in one number: decides which slots are kept. */
  readonly blend: Float32Array;
  /** From how many steps a slot was reached. */
  readonly support: Uint8Array;
  /** The step (0 = last distinct item) that gave a slot its greatest share, for reasons. */
  readonly sourceStep: Uint8Array;
  count = 0;
  /** The first slots are the session's own items. */
  ownCount = 0;

  /** The session's distinct items, newest first. */
  readonly steps = new Int32Array(STEPS);
  stepCount = 0;

  /** Kept slots: after `select` the session's own items, then best blend first. */
  readonly kept: Int32Array;
  keptCount = 0;

  constructor(tables: ItemTables) {
    const slots = Math.min(tables.itemCount, STEPS * longestRow(tables) + OWN_MAX);
    this.#tables = tables;
    this.#slotOf = new Int32Array(tables.itemCount).fill(-1);
    this.items = new Int32Array(slots);
    this.sums = new Float32Array(slots * SIGNAL_COUNT);
    this.lastSums = new Float32Array(slots * SIGNAL_COUNT);
    this.blend = new Float32Array(slots);
    this.support = new Uint8Array(slots);
    this.sourceStep = new Uint8Array(slots);
    this.#sourceShare = new Float32Array(slots);
    this.#weightsOfSlots = new Float64Array(slots);
    this.#accepted = new Int32Array(slots);
    this.#weightsOfAccepted = new Float64Array(slots);
    this.#sorting = new Float64Array(slots);
    this.#best = new TopK(KEPT_MAX);
    this.kept = this.#best.keys;
  }

  gather(session: SessionItems): void {
    for (let slot = 0; slot < this.count; slot++) this.#slotOf[this.items[slot]!] = -1;
    this.count = 0;
    this.#takeOwn(session);
    this.#takeSteps(session);
    for (let step = 0; step < this.stepCount; step++) {
      this.#addRow(step);
      if (step === 0) this.#keepLast();
    }
  }

  #keepLast(): void {
    this.lastCount = this.count;
    this.lastSums.set(this.sums.subarray(0, this.count * SIGNAL_COUNT));
  }

  /**
   * Keeps the session's own items and, of the others that `accept` lets through, those with the best blend. Shoppers
   * come back to what they saw far more often than the tables say; how often, the reranker learns.
   */
  select(accept: (item: number) => boolean): void {
    this.#best.clear();
    for (let slot = 0; slot < this.count; slot++) {
      if (accept(this.items[slot]!)) this.#best.offer(slot, this.blend[slot]! + (slot < this.ownCount ? OWN_LIFT : 0));
    }
    this.keptCount = this.#best.sort();
  }

  /**
   * Keeps the same slots as `select` in no order, for those who rank them by something else. Whether an item is accepted
   * stands far apart in memory for each: at first it is asked only about the best, a few more than are kept.
   */
  selectUnordered(accept: (item: number) => boolean): void {
    const weights = this.#weightsOfSlots;
    const own = Math.min(this.ownCount, this.count);
    for (let slot = 0; slot < own; slot++) weights[slot] = this.blend[slot]! + OWN_LIFT;
    for (let slot = own; slot < this.count; slot++) weights[slot] = this.blend[slot]!;
    let accepted = 0;
    if (this.count > ASKED_FIRST) accepted = this.#take(accept, this.#nth(weights, this.count, ASKED_FIRST));
    if (accepted < KEPT_MAX) accepted = this.#take(accept, Number.NEGATIVE_INFINITY);
    this.#cut(accepted);
  }

  /** Accepted slots that weigh `least` or more, ascending; returns how many. */
  #take(accept: (item: number) => boolean, least: number): number {
    const [weights, accepted] = [this.#weightsOfSlots, this.#accepted];
    let count = 0;
    for (let slot = 0; slot < this.count; slot++)
      if (weights[slot]! >= least && accept(this.items[slot]!)) accepted[count++] = slot;
    return count;
  }

  /** Keeps the best of the first `count` accepted ones; of equal ones the smaller slots, as a TopK does. */
  #cut(count: number): void {
    const { kept } = this;
    const [weights, accepted] = [this.#weightsOfSlots, this.#accepted];
    this.keptCount = Math.min(count, KEPT_MAX);
    if (count <= KEPT_MAX) {
      for (let n = 0; n < count; n++) kept[n] = accepted[n]!;
      return;
    }
    for (let n = 0; n < count; n++) this.#weightsOfAccepted[n] = weights[accepted[n]!]!;
    const least = this.#nth(this.#weightsOfAccepted, count, KEPT_MAX);
    let above = 0;
    for (let n = 0; n < count; n++) if (weights[accepted[n]!]! > least) kept[above++] = accepted[n]!;
    for (let n = 0; above < KEPT_MAX; n++) if (weights[accepted[n]!] === least) kept[above++] = accepted[n]!;
  }

  #nth(weights: Float64Array, count: number, n: number): number {
    for (let i = 0; i < count; i++) this.#sorting[i] = weights[i]!;
    return nthLargest(this.#sorting, count, n);
  }

  /** The session's distinct items take the first slots. */
  #takeOwn({ items, count }: SessionItems): void {
    for (let i = count - 1; i >= Math.max(0, count - OWN_MAX); i--) this.#slot(items[i]!);
    this.ownCount = this.count;
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

  #slot(item: number): number {
    const known = this.#slotOf[item]!;
    if (known >= 0) return known;
    const slot = this.count++;
    this.#slotOf[item] = slot;
    this.items[slot] = item;
    for (let k = 0; k < SIGNAL_COUNT; k++) this.sums[slot * SIGNAL_COUNT + k] = SUM_FLOOR;
    this.blend[slot] = 0;
    this.support[slot] = 0;
    this.sourceStep[slot] = 0;
    this.#sourceShare[slot] = 0;
    return slot;
  }

  /** The six signals one by one: as a loop over them this is a seventh of a ranking, and V8 does not unroll it. */
  #addRow(step: number): void {
    const { rowOffsets, neighbours, values } = this.#tables;
    const { sums, blend, support } = this;
    const [d0, d1, d2, d3, d4, d5] = STEP_DECAY;
    const [w0, w1, w2] = [d0 ** step, d1 ** step, d2 ** step];
    const [w3, w4, w5] = [d3 ** step, d4 ** step, d5 ** step];
    const [b0, b1, b2, b3, b4, b5] = BLEND;
    const item = this.steps[step]!;
    const start = rowOffsets[item]!;
    const end = Math.min(rowOffsets[item + 1]!, start + STEP_ENTRIES[step]!);
    for (let e = start; e < end; e++) {
      const slot = this.#slot(neighbours[e]!);
      const [base, from] = [slot * SIGNAL_COUNT, e * SIGNAL_COUNT];
      const s0 = decoded[values[from]!]! * w0;
      const s1 = decoded[values[from + 1]!]! * w1;
      const s2 = decoded[values[from + 2]!]! * w2;
      const s3 = decoded[values[from + 3]!]! * w3;
      const s4 = decoded[values[from + 4]!]! * w4;
      const s5 = decoded[values[from + 5]!]! * w5;
      sums[base]! += s0;
      sums[base + 1]! += s1;
      sums[base + 2]! += s2;
      sums[base + 3]! += s3;
      sums[base + 4]! += s4;
      sums[base + 5]! += s5;
      const share = b0 * s0 + b1 * s1 + b2 * s2 + b3 * s3 + b4 * s4 + b5 * s5;
      blend[slot]! += share;
      support[slot]! += 1;
      if (share > this.#sourceShare[slot]!) {
        this.#sourceShare[slot] = share;
        this.sourceStep[slot] = step;
      }
    }
  }
}
