/** Shoppers that are told apart for one item or pair: as many as any rule asks for. */
const supportMax = 8;

/** Distinct shoppers, up to `supportMax` of them: what one shopper does alone, however often, is no trend. */
export class Support {
  readonly #shoppers: number[] = [];

  get size(): number {
    return this.#shoppers.length;
  }

  add(shopper: number): void {
    if (this.#shoppers.length < supportMax && !this.#shoppers.includes(shopper)) this.#shoppers.push(shopper);
  }
}

/** What two items have in common. One object, held by both. */
export interface Pair {
  weight: number;
  readonly support: Support;
}

/** Weights and visits are on the scale of the delta's landmark (see `ForwardDecay`). */
export interface LiveItem {
  readonly id: string;
  visits: number;
  readonly support: Support;
  readonly viewedWith: Map<LiveItem, Pair>;
  readonly boughtWith: Map<LiveItem, Pair>;
}

export const newLiveItem = (id: string): LiveItem => ({
  id,
  visits: 0,
  support: new Support(),
  viewedWith: new Map(),
  boughtWith: new Map(),
});
