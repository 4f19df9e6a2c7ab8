/** Cut-offs at which lists are judged. */
const cutoffs = [5, 10, 20] as const;
type Cutoff = (typeof cutoffs)[number];
type AtCutoffs = Readonly<Record<Cutoff, number>>;

/** Percent. With one relevant item a row, hit rate is recall, and NDCG is 1 / log2(1 + rank). */
export interface Quality {
  readonly rows: number;
  /** Rows with any of their targets on the list. */
  readonly hr: AtCutoffs;
  /** Of the first target on the list. */
  readonly mrr: AtCutoffs;
  readonly ndcg: AtCutoffs;
  /** Share of a row's targets that are on the list. */
  readonly recall: AtCutoffs;
}

/** Collects where on its list each row's targets stand. */
export class QualityMeter {
  #rows = 0;
  readonly #hits = new Float64Array(cutoffs.length);
  readonly #reciprocal = new Float64Array(cutoffs.length);
  readonly #gain = new Float64Array(cutoffs.length);
  readonly #recall = new Float64Array(cutoffs.length);

  /** `ranks` of the targets that are on the list (0 = first), ascending; `targets`: how many there were. */
  add(ranks: readonly number[], targets: number): void {
    this.#rows++;
    for (let c = 0; c < cutoffs.length; c++) {
      const cutoff = cutoffs[c]!;
      let found = 0;
      let gain = 0;
      for (const rank of ranks) {
        if (rank >= cutoff) break;
        found++;
        gain += 1 / Math.log2(rank + 2);
      }
      if (found === 0) continue;
      let ideal = 0;
      for (let rank = 0; rank < Math.min(targets, cutoff); rank++) ideal += 1 / Math.log2(rank + 2);
      this.#hits[c]! += 1;
      this.#reciprocal[c]! += 1 / (ranks[0]! + 1);
      this.#gain[c]! += gain / ideal;
      this.#recall[c]! += found / targets;
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
      recall: percent(this.#recall),
    };
  }
}

/** What the lists show as a whole, whether or not they hit. Items that training never saw are not counted as popular. */
export class SpreadMeter {
  readonly #clicks: Float64Array;
  readonly #groupOf: Int32Array | undefined;
  readonly #shown: Uint8Array;
  #lists = 0;
  #distinct = 0;
  #shownCount = 0;
  #shownClicks = 0;
  #targets = 0;
  #targetClicks = 0;

  /** `clicks` of each item in the training log; `groupOf`: the same number for items that are variants of one product. */
  constructor(clicks: Float64Array, groupOf?: Int32Array) {
    this.#clicks = clicks;
    this.#groupOf = groupOf;
    this.#shown = new Uint8Array(clicks.length);
  }

  /** Entries of the list that are no item of the log are -1. */
  addList(list: Int32Array, count: number): void {
    const groups = new Set<number>();
    for (let i = 0; i < count; i++) {
      const item = list[i]!;
      if (item < 0) continue;
      this.#shown[item] = 1;
      this.#shownClicks += this.#clicks[item]!;
      groups.add(this.#groupOf?.[item] ?? item);
    }
    this.#shownCount += count;
    if (count === 0) return;
    this.#lists++;
    this.#distinct += groups.size / count;
  }

  addTarget(target: number): void {
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

  /** Different products in a list, as a share of its entries, in percent: below 100, some are variants of each other. */
  distinctness(): number {
    return this.#lists === 0 ? 0 : (100 * this.#distinct) / this.#lists;
  }
}
