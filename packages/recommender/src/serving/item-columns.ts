import { setImmediate as nextTurn } from "node:timers/promises";
import type { FilterLeaf, FilterNode, Item, Scalar } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import type { PackedItems } from "../catalogue/packed-items.ts";

/** Fields that have a column; each costs four bytes an item and its distinct values. */
const columnsMax = 32;
/** Items that are read in one go: two milliseconds. */
const itemsPerTurn = 600;
/** Values that went out of use are dropped with their column once there are as many for each item. */
const valuesPerItemMax = 2;

const unasked = 0;
const yes = 1;
const no = 2;
/** The code of a slot without an item, and of an item without a value. */
const free = 0;
const missing = 1;

/** One field of all items: a small number for each distinct value (or list of values). */
class Column {
  codes: Int32Array;
  readonly values: (readonly Scalar[])[] = [[], []];
  ready = false;
  readonly #read: FilterLeaf["read"];
  readonly #codeOf = new Map<Scalar, number>();
  readonly #codeOfMany = new Map<string, number>();

  constructor(itemCount: number, read: FilterLeaf["read"]) {
    this.codes = new Int32Array(itemCount);
    this.#read = read;
  }

  put(slot: number, item: Item | undefined): void {
    if (slot >= this.codes.length) {
      const grown = new Int32Array(2 * slot + 1);
      grown.set(this.codes);
      this.codes = grown;
    }
    this.codes[slot] = item === undefined ? free : this.#codeFor(item);
  }

  #codeFor(item: Item): number {
    let first: Scalar | undefined;
    let many: Scalar[] | undefined;
    this.#read(item, (value) => {
      if (first === undefined) first = value;
      else if (many === undefined) many = [first, value];
      else many.push(value);
      return false;
    });
    if (first === undefined) return missing;
    if (many === undefined) return codeIn(this.#codeOf, first, this.values, [first]);
    return codeIn(this.#codeOfMany, JSON.stringify(many), this.values, many);
  }
}

function codeIn<K>(codes: Map<K, number>, key: K, values: (readonly Scalar[])[], value: readonly Scalar[]): number {
  let code = codes.get(key);
  if (code === undefined) {
    code = values.push(value) - 1;
    codes.set(key, code);
  }
  return code;
}

/**
 * The fields that filters ask for, dictionary-coded by slot: a filter over a large catalogue is judged once for each
 * distinct value and looked up for each item. A column is made, a part of it each turn, when it is first asked for.
 */
export class ItemColumns {
  readonly #items: PackedItems;
  readonly #columns = new LRUCache<string, Column>({ max: columnsMax });
  /** Of the first part of a filter, the slots that it keeps: what a new filter takes most memory for. */
  #kept = new Int32Array(0);
  #marked = new Uint8Array(0);

  /** `items` may grow. */
  constructor(items: PackedItems) {
    this.#items = items;
  }

  change(slot: number, item: Item | undefined): void {
    for (const [field, column] of this.#columns.entries()) {
      column.put(slot, item);
      if (column.values.length > valuesPerItemMax * this.#items.length + itemsPerTurn) this.#columns.delete(field);
    }
  }

  /**
   * Slots of the items that a filter keeps, ascending, good until the next call; undefined as long as a column is being
   * made.
   */
  matching(node: FilterNode): Int32Array | undefined {
    if (!this.#has(node)) return undefined;
    if (this.#kept.length < this.#items.length) {
      this.#kept = new Int32Array(this.#items.length);
      this.#marked = new Uint8Array(this.#items.length);
    }
    return this.#select(node, undefined);
  }

  /** Whether all columns are there; begins those that are not. */
  #has(node: FilterNode): boolean {
    if (node.kind === "leaf") return this.#columnOf(node).ready;
    const parts = node.kind === "not" ? [node.part] : node.parts;
    return parts.map((part) => this.#has(part)).every(Boolean);
  }

  #columnOf({ field, read }: FilterLeaf): Column {
    let column = this.#columns.get(field);
    if (column === undefined) {
      column = new Column(this.#items.length, read);
      this.#columns.set(field, column);
      void this.#fill(column);
    }
    return column;
  }

  async #fill(column: Column): Promise<void> {
    for (let slot = 0; slot < this.#items.length; ) {
      await nextTurn();
      const end = Math.min(slot + itemsPerTurn, this.#items.length);
      for (; slot < end; slot++) column.put(slot, this.#items.at(slot));
    }
    column.ready = true;
  }

  /**
   * Narrows `from`, all items when it is absent, part by part: the second part of a conjunction is asked only about what
   * the first one left.
   */
  #select(node: FilterNode, from: Int32Array | undefined): Int32Array {
    switch (node.kind) {
      case "leaf":
        return from === undefined ? this.#selectOfAll(node) : this.#selectLeaf(node, from);
      case "all":
        return node.parts.reduce<Int32Array | undefined>((left, part) => this.#select(part, left), from) ?? this.#all();
      case "not": {
        const of = from ?? this.#all();
        return this.#split(of, [this.#select(node.part, of)], false);
      }
      case "any": {
        const found: Int32Array[] = [];
        const of = from ?? this.#all();
        let left = of;
        for (const part of node.parts) {
          const more = this.#select(part, left);
          found.push(more);
          left = this.#split(left, [more], false);
        }
        return this.#split(of, found, true);
      }
    }
  }

  #all(): Int32Array {
    const slots = new Int32Array(this.#items.length);
    let count = 0;
    for (let slot = 0; slot < slots.length; slot++) if (this.#items.has(slot)) slots[count++] = slot;
    return slots.subarray(0, count);
  }

  #selectOfAll(leaf: FilterLeaf): Int32Array {
    const { codes, values } = this.#columnOf(leaf);
    const verdicts = new Uint8Array(values.length);
    verdicts[free] = no;
    const kept = this.#kept;
    let count = 0;
    for (let slot = 0; slot < this.#items.length; slot++) {
      const code = codes[slot] as number;
      if (verdicts[code] === unasked) verdicts[code] = judge(leaf, values[code] as readonly Scalar[]);
      if (verdicts[code] === yes) kept[count++] = slot;
    }
    return kept.subarray(0, count);
  }

  #selectLeaf(leaf: FilterLeaf, from: Int32Array): Int32Array {
    const { codes, values } = this.#columnOf(leaf);
    const verdicts = new Uint8Array(values.length);
    const kept = new Int32Array(from.length);
    let count = 0;
    for (let n = 0; n < from.length; n++) {
      const slot = from[n] as number;
      const code = codes[slot] as number;
      if (verdicts[code] === unasked) verdicts[code] = judge(leaf, values[code] as readonly Scalar[]);
      if (verdicts[code] === yes) kept[count++] = slot;
    }
    return kept.subarray(0, count);
  }

  /** Of `from`, what is in one of `lists`, or what is in none. */
  #split(from: Int32Array, lists: readonly Int32Array[], listed: boolean): Int32Array {
    const marked = this.#marked;
    for (const list of lists) for (let n = 0; n < list.length; n++) marked[list[n] as number] = 1;
    const kept = from.filter((slot) => (marked[slot] === 1) === listed);
    for (const list of lists) for (let n = 0; n < list.length; n++) marked[list[n] as number] = 0;
    return kept;
  }
}

function judge(leaf: FilterLeaf, values: readonly Scalar[]): number {
  return values.some(leaf.holds) === leaf.negated ? no : yes;
}
