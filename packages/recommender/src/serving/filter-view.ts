import type { Item } from "@endcap/protocol";
import type { PackedItems } from "../catalogue/packed-items.ts";
import type { CompiledFilter } from "./filters.ts";
import type { ItemColumns } from "./item-columns.ts";

const unasked = 0;
const yes = 1;
const no = 2;
/** Items that are judged one by one, read from their texts, before all of them are at once, by columns. */
const singlesMax = 40;
/** One item in so many, or fewer, is few: then whoever walks a list in search of them should walk them instead. */
const fewShare = 50;

/**
 * A filter over a catalogue's slots, remembered. Each item is judged when a list comes to it, since most lists are full
 * after a hundred; a filter that refuses most of what it is asked is then judged over the columns, all items at once.
 */
export class FilterView {
  readonly #items: PackedItems;
  readonly #columns: ItemColumns;
  readonly #filter: CompiledFilter;
  #verdicts: Uint8Array;
  #singles = 0;
  #few: Int32Array | undefined;
  #whole = false;

  constructor(items: PackedItems, columns: ItemColumns, filter: CompiledFilter) {
    this.#items = items;
    this.#columns = columns;
    this.#filter = filter;
    this.#verdicts = new Uint8Array(items.length);
  }

  /** A free slot, and -1, is never accepted. */
  accepts(slot: number): boolean {
    if (slot < 0) return false;
    const known = this.#verdicts[slot];
    if (known === yes) return true;
    if (known === no) return false;
    const item = this.#items.at(slot);
    if (item === undefined) return false;
    if (!this.#whole && ++this.#singles > singlesMax) {
      this.#judgeAll();
      if (this.#whole) return this.#verdicts[slot] === yes;
    }
    const verdict = this.#filter.matches(item);
    this.#remember(slot, verdict ? yes : no);
    return verdict;
  }

  /** All slots that are accepted, when that is known and they are few. */
  get few(): Int32Array | undefined {
    return this.#few;
  }

  /** The item has changed, or come, or gone. */
  change(slot: number, item: Item | undefined): void {
    if (this.#few === undefined) {
      if (slot < this.#verdicts.length) this.#verdicts[slot] = unasked;
      return;
    }
    const was = this.#verdicts[slot] === yes;
    const is = item !== undefined && this.#filter.matches(item);
    this.#remember(slot, is ? yes : no);
    if (was && !is) this.#few = this.#few.filter((each) => each !== slot);
    if (is && !was) this.#few = Int32Array.of(...this.#few, slot);
  }

  #remember(slot: number, verdict: number): void {
    if (slot >= this.#verdicts.length) {
      const grown = new Uint8Array(this.#items.length);
      grown.set(this.#verdicts);
      this.#verdicts = grown;
    }
    this.#verdicts[slot] = verdict;
  }

  #judgeAll(): void {
    this.#singles = 0;
    const matching = this.#columns.matching(this.#filter.node);
    if (matching === undefined) return;
    if (this.#verdicts.length < this.#items.length) this.#verdicts = new Uint8Array(this.#items.length);
    this.#verdicts.fill(no);
    for (let n = 0; n < matching.length; n++) this.#verdicts[matching[n] as number] = yes;
    this.#whole = true;
    if (matching.length * fewShare <= this.#items.length) this.#few = matching.slice();
  }
}
