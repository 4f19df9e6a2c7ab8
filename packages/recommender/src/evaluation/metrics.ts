/** Cut-offs at which lists are judged. */
const cutoffs = [5, 10, 20] as const;
type Cutoff = (typeof cutoffs)[number];

/** Percent. With one relevant item a row, hit rate is recall, and NDCG is 1 / log2(1 + rank). */
export interface Quality {
  readonly rows: number;
  readonly hr: Readonly<Record<Cutoff, number>>;
  readonly mrr: Readonly<Record<Cutoff, number>>;
  readonly ndcg: Readonly<Record<Cutoff, number>>;
}

/** Collects the rank (0 = first, -1 = not on the list) of each row's target. */
export class QualityMeter {
  #rows = 0;
  readonly #hits = new Float64Array(cutoffs.length);
  readonly #reciprocal = new Float64Array(cutoffs.length);
  readonly #gain = new Float64Array(cutoffs.length);

  add(rank: number): void {
    this.#rows++;
    if (rank < 0) return;
    for (let c = 0; c < cutoffs.length; c++) {
      if (rank >= cutoffs[c]!) continue;
      this.#hits[c]! += 1;
      this.#reciprocal[c]! += 1 / (rank + 1);
      this.#gain[c]! += 1 / Math.log2(rank + 2);
    }
  }

  result(): Quality {
    const percent = (sums: Float64Array) =>
      Object.fromEntries(
        cutoffs.map((cutoff, c) => [cutoff, this.#rows === 0 ? 0 : (100 * sums[c]!) / this.#rows]),
      ) as Record<Cutoff, number>;
    return {
      rows: this.#rows,
      hr: percent(this.#hits),
      mrr: percent(this.#reciprocal),
      ndcg: percent(this.#gain),
    };
  }
}

/** What the lists show as a whole, whether or not they hit. */
export class SpreadMeter {
  readonly #clicks: Float64Array;
  readonly #shown: Uint8Array;
  #shownCount = 0;
  #shownClicks = 0;
  #targets = 0;
  #targetClicks = 0;

  /** `clicks` of each item in the training log. */
  constructor(clicks: Float64Array) {
    this.#clicks = clicks;
    this.#shown = new Uint8Array(clicks.length);
  }

  add(list: Int32Array, count: number, target: number): void {
    for (let i = 0; i < count; i++) {
      this.#shown[list[i]!] = 1;
      this.#shownClicks += this.#clicks[list[i]!]!;
    }
    this.#shownCount += count;
    if (target < 0) return;
    this.#targets++;
    this.#targetClicks += this.#clicks[target]!;
  }

  /** Share of the catalogue that was shown to anyone, in percent. */
  coverage(): number {
    let items = 0;
    for (const shown of this.#shown) items += shown;
    return this.#shown.length === 0 ? 0 : (100 * items) / this.#shown.length;
  }

  /** Mean popularity of what was shown over that of what people clicked: above 1, the lists lean to bestsellers. */
  popularityBias(): number {
    if (this.#shownCount === 0 || this.#targetClicks === 0) return 0;
    return this.#shownClicks / this.#shownCount / (this.#targetClicks / this.#targets);
  }
}
