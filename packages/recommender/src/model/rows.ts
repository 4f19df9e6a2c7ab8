import { decoded, encode } from "./minifloat.ts";
import { BLEND, SIGNAL_COUNT } from "./signals.ts";
import { TopK } from "./top-k.ts";

/** CSR: the neighbours of item `i` are `rowOffsets[i]` to `rowOffsets[i + 1]`, best first; `values` has SIGNAL_COUNT minifloats for each. */
export interface Rows {
  readonly rowOffsets: Uint32Array;
  readonly neighbours: Int32Array;
  readonly values: Uint8Array;
}

/** Entries of the longest row: bounds the candidates of one query. */
export function longestRow({ rowOffsets }: Rows): number {
  let longest = 0;
  for (let i = 0; i + 1 < rowOffsets.length; i++) longest = Math.max(longest, rowOffsets[i + 1]! - rowOffsets[i]!);
  return longest;
}

export function signalAt({ values }: Rows, entry: number, signal: number): number {
  return decoded[values[entry * SIGNAL_COUNT + signal]!]!;
}

/** Writes rows one after the other, each cut to its best `rowMax` by the blend. */
export class RowWriter {
  readonly #rowOffsets: Uint32Array;
  #neighbours = new Int32Array(1024);
  #values = new Uint8Array(1024 * SIGNAL_COUNT);
  readonly #best: TopK;
  #row = 0;
  #end = 0;

  constructor(itemCount: number, rowMax: number) {
    this.#rowOffsets = new Uint32Array(itemCount + 1);
    this.#best = new TopK(rowMax);
  }

  /** Writes the next row: of the first `count` of `touched`, whose signals stand in `sums`, SIGNAL_COUNT for each item. */
  write(touched: Int32Array, count: number, sums: Float32Array): void {
    const best = this.#best;
    best.clear();
    for (let t = 0; t < count; t++) {
      const base = touched[t]! * SIGNAL_COUNT;
      let blend = 0;
      for (let k = 0; k < SIGNAL_COUNT; k++) blend += BLEND[k]! * sums[base + k]!;
      best.offer(touched[t]!, blend);
    }
    const kept = best.sort();
    this.#reserve(kept);
    for (let r = 0; r < kept; r++) {
      const to = best.keys[r]!;
      this.#neighbours[this.#end] = to;
      const [from, at] = [to * SIGNAL_COUNT, this.#end * SIGNAL_COUNT];
      for (let k = 0; k < SIGNAL_COUNT; k++) this.#values[at + k] = encode(sums[from + k]!);
      this.#end++;
    }
    this.#rowOffsets[++this.#row] = this.#end;
  }

  finish(): Rows {
    return {
      rowOffsets: this.#rowOffsets,
      neighbours: this.#neighbours.slice(0, this.#end),
      values: this.#values.slice(0, this.#end * SIGNAL_COUNT),
    };
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#neighbours.length) return;
    const length = Math.max(this.#end + more, Math.ceil(this.#neighbours.length * 1.6));
    const neighbours = new Int32Array(length);
    neighbours.set(this.#neighbours.subarray(0, this.#end));
    this.#neighbours = neighbours;
    const values = new Uint8Array(length * SIGNAL_COUNT);
    values.set(this.#values.subarray(0, this.#end * SIGNAL_COUNT));
    this.#values = values;
  }
}
