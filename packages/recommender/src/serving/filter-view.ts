import type { Item, ItemPredicate } from "@endcap/protocol";
import type { Acceptance } from "../model/index.ts";

const unasked = 0;
const yes = 1;
const no = 2;

/**
 * A filter over a model's item indices. Each item is judged when a list comes to it, and remembered: a list that is full
 * after a hundred items has judged a hundred, and the next one with the same filter looks up bytes.
 */
export class FilterView implements Acceptance {
  readonly #items: readonly (Item | undefined)[];
  readonly #matches: ItemPredicate;
  readonly #verdicts: Uint8Array;

  constructor(items: readonly (Item | undefined)[], matches: ItemPredicate) {
    this.#items = items;
    this.#matches = matches;
    this.#verdicts = new Uint8Array(items.length);
  }

  accepts(index: number): boolean {
    const known = this.#verdicts[index];
    if (known !== unasked) return known === yes;
    const item = this.#items[index];
    const verdict = item !== undefined && this.#matches(item);
    this.#verdicts[index] = verdict ? yes : no;
    return verdict;
  }

  /** The item has changed. */
  forget(index: number): void {
    this.#verdicts[index] = unasked;
  }
}
