import { type Candidates, KEPT_MAX, OWN_MAX, type SessionItems, SUM_FLOOR } from "./candidates.ts";
import { SIGNAL_COUNT } from "./signals.ts";
import { Similarity } from "./similarity.ts";
import type { ItemTables } from "./tables.ts";
import { VIEWS, VIEWS_STRIDE } from "./vector-kernels.ts";
import type { Vectors } from "./vectors.ts";

/**
 * What the reranker sees of a candidate:
 * - the tables: log of its six sums over the session, of the last item's alone and of the blend; from how many of the
 *   session's items it was reached
 * - the vectors: its cosine with the session, in three views
 * - the item: log visits, log recent visits, when last seen, how often one returns to it, leaves or enters there
 * - its place in the session: whether it is in it, is the last or the first, 1 / (1 + clicks back), how often, how often it
 *   followed the last item there, whether it is the last and was seen before
 * - the session, the same for all its candidates: share of repeats, log length, log visits of the last item, how often one
 *   leaves from that and returns to it
 */
export const FEATURE_COUNT = 2 * SIGNAL_COUNT + 2 + VIEWS + 6 + 7 + 5;

/**
 * A logarithm read off a float's bits, exponent and mantissa taken as one number: linear between powers of two, 0.06 too small at
 * most. A reranker that learns from it loses nothing, and a thousand of them cost nothing.
 */
const perBit = Math.LN2 / 2 ** 23;
const bias = 127 * Math.LN2;
const bitsOf = (floats: Float32Array) => new Int32Array(floats.buffer, floats.byteOffset, floats.length);
const floorLog = (bitsOf(Float32Array.of(SUM_FLOOR))[0] ?? 0) * perBit - bias;
/** Newest clicks that are looked at, so that a shopper with 100,000 costs no more than others. */
const clicksMax = OWN_MAX;
const PLACE_FEATURES = 7;

const ITEM_FEATURES = 6;

function itemFeatures(tables: ItemTables): Float32Array {
  const { itemCount, visits, recentVisits, lastSeen, repeatRate, exitRate, entryRate } = tables;
  const features = new Float32Array(itemCount * ITEM_FEATURES);
  for (let item = 0, f = 0; item < itemCount; item++) {
    features[f++] = Math.log1p(visits[item]!);
    features[f++] = Math.log(recentVisits[item]! + 0.05);
    features[f++] = lastSeen[item]!;
    features[f++] = repeatRate[item]!;
    features[f++] = exitRate[item]!;
    features[f++] = entryRate[item]!;
  }
  return features;
}

/** One by one, for what a loop over six would cost 280 times a ranking. */
function writeLogs(bits: Int32Array, of: number, out: Float32Array, at: number): void {
  out[at] = bits[of]! * perBit - bias;
  out[at + 1] = bits[of + 1]! * perBit - bias;
  out[at + 2] = bits[of + 2]! * perBit - bias;
  out[at + 3] = bits[of + 3]! * perBit - bias;
  out[at + 4] = bits[of + 4]! * perBit - bias;
  out[at + 5] = bits[of + 5]! * perBit - bias;
}

export class Features {
  readonly #tables: ItemTables;
  /** The item's own features, one item after the other: in arrays of their own each would be far from the next. */
  readonly #ofItem: Float32Array;
  readonly #similarity: Similarity;
  readonly #ofSession = new Float32Array(5);
  #sumBits: Int32Array = new Int32Array(0);
  #lastBits: Int32Array = new Int32Array(0);
  #lastSeenBefore = 0;
  /** What a loop reads for its own sake; kept, so that it is not left out. */
  readonly #touched = new Float32Array(1);

  constructor(tables: ItemTables, vectors: Vectors) {
    this.#tables = tables;
    this.#ofItem = itemFeatures(tables);
    this.#similarity = new Similarity(vectors, KEPT_MAX);
  }

  /** Prepares the kept candidates of a session for `write`. */
  begin(candidates: Candidates, { items, count }: SessionItems): void {
    if (this.#sumBits.buffer !== candidates.sums.buffer) {
      this.#sumBits = bitsOf(candidates.sums);
      this.#lastBits = bitsOf(candidates.lastSums);
    }
    const start = Math.max(0, count - clicksMax);
    const last = items[count - 1]!;
    let repeats = 0;
    for (let i = start + 1; i < count; i++) {
      let seen = 0;
      for (let j = start; j < i; j++) if (items[j] === items[i]) seen = 1;
      repeats += seen;
      if (i === count - 1) this.#lastSeenBefore = seen;
    }
    if (count - start === 1) this.#lastSeenBefore = 0;
    const session = this.#ofSession;
    session[0] = repeats / (count - start);
    session[1] = Math.log(count - start);
    session[2] = this.#ofItem[last * ITEM_FEATURES]!;
    session[3] = this.#tables.exitRate[last]!;
    session[4] = this.#tables.repeatRate[last]!;
    // Touched one after the other, what is far apart in memory comes at the same time, and is there when `write` asks.
    let touched = 0;
    for (let r = 0; r < candidates.keptCount; r++)
      touched += this.#ofItem[candidates.items[candidates.kept[r]!]! * ITEM_FEATURES]!;
    this.#touched[0] = touched;
    this.#similarity.begin(items, count);
    this.#similarity.compare(candidates.kept, candidates.items, candidates.keptCount);
  }

  /** Writes the FEATURE_COUNT features of the `r`th kept candidate to `out` at `at`. */
  write(candidates: Candidates, session: SessionItems, r: number, out: Float32Array, at: number): void {
    const slot = candidates.kept[r]!;
    const item = candidates.items[slot]!;
    const [sums, lastSums] = [this.#sumBits, this.#lastBits];
    const of = slot * SIGNAL_COUNT;
    const linked = slot < candidates.lastCount;
    writeLogs(sums, of, out, at);
    if (linked) writeLogs(lastSums, of, out, at + SIGNAL_COUNT);
    else for (let k = 0; k < SIGNAL_COUNT; k++) out[at + SIGNAL_COUNT + k] = floorLog;
    let f = at + 2 * SIGNAL_COUNT;
    out[f++] = Math.log(candidates.blend[slot]! + SUM_FLOOR);
    out[f++] = candidates.support[slot]!;
    for (let v = 0; v < VIEWS; v++) out[f++] = this.#similarity.cosines[r * VIEWS_STRIDE + v]!;
    for (let i = 0; i < ITEM_FEATURES; i++) out[f++] = this.#ofItem[item * ITEM_FEATURES + i]!;
    if (slot < candidates.ownCount) this.#writePlace(session, item, out, f);
    else for (let i = 0; i < PLACE_FEATURES; i++) out[f + i] = 0;
    f += PLACE_FEATURES;
    for (let i = 0; i < this.#ofSession.length; i++) out[f++] = this.#ofSession[i]!;
  }

  #writePlace({ items, count }: SessionItems, item: number, out: Float32Array, at: number): void {
    const start = Math.max(0, count - clicksMax);
    const last = items[count - 1]!;
    let back = -1;
    let times = 0;
    let followed = 0;
    for (let i = count - 1; i >= start; i--) {
      if (items[i] !== item) continue;
      if (back < 0) back = count - 1 - i;
      times++;
      if (i > start && items[i - 1] === last) followed++;
    }
    let f = at;
    out[f++] = 1;
    out[f++] = back === 0 ? 1 : 0;
    out[f++] = items[start] === item ? 1 : 0;
    out[f++] = 1 / (1 + back);
    out[f++] = times;
    out[f++] = followed;
    out[f++] = back === 0 ? this.#lastSeenBefore : 0;
  }
}
