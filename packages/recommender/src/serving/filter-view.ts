import type { Item } from "@endcap/protocol";
import type { Acceptance } from "../model/index.ts";
import type { CompiledFilter } from "./filters.ts";
import type { ItemColumns } from "./item-columns.ts";

const unasked = 0;
const yes = 1;
const no = 2;
/** Items that are judged one by one before all of them are at once. */
const singlesMax = 100;

/**
 * A filter over a model's item indices, remembered. Each item is judged when a list comes to it, since most lists are
 * full after a hundred; a filter that refuses most of what it is asked is then judged over the columns, all items at once.
 */
export class FilterView implements Acceptance {
  readonly #items: readonly (Item | undefined)[];
  readonly #columns: ItemColumns;
  readonly #filter: CompiledFilter;
  readonly #verdicts: Uint8Array;
  #singles = 0;
  #whole = false;

  constructor(items: readonly (Item | undefined)[], columns: ItemColumns, filter: CompiledFilter) {
    this.#items = items;
    this.#columns = columns;
    this.#filter = filter;
    this.#verdicts = new Uint8Array(items.length);
  }

  accepts(index: number): boolean {
    const known = this.#verdicts[index];
    if (known !== unasked) return known === yes;
    if (!this.#whole && ++this.#singles > singlesMax) {
      this.#judgeAll();
      if (this.#whole) return this.#verdicts[index] === yes;
    }
    const item = this.#items[index];
    const verdict = item !== undefined && this.#filter.matches(item);
    this.#verdicts[index] = verdict ? yes : no;
    return verdict;
  }

  /** The item has changed. */
  forget(index: number): void {
    this.#verdicts[index] = unasked;
  }

  #judgeAll(): void {
    this.#singles = 0;
    const matching = this.#columns.matching(this.#filter.node);
    if (matching === undefined) return;
    this.#verdicts.fill(no);
    for (let n = 0; n < matching.length; n++) this.#verdicts[matching[n] as number] = yes;
    this.#whole = true;
  }
}
