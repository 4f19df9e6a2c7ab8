import { type CosineKernels, cosineKernels, DOTS_STRIDE, VIEWS } from "./vector-kernels.ts";
import { DIMENSIONS, type Vectors } from "./vectors.ts";
import { wasmMemory } from "./wasm.ts";

/** The sessions' newest clicks that make its direction. */
const clicksMax = 10;
/** A session has one direction for each: how fast a click's weight falls with each click after it. */
const decays: readonly number[] = [0.3, 1, 20];

/** Cosines between a session and items, in three views: all of it about equally, mostly the end, the last click alone. */
export class Similarity {
  readonly #vectors: Vectors;
  /** The candidates' bytes, where the kernel sees them; copied as 32-bit words. */
  readonly #rows: Int32Array;
  readonly #words: Int32Array;
  readonly #views: Float32Array;
  readonly #kernels: CosineKernels;
  /** Of the clicks of one view: where their bytes start, and their weights. */
  readonly #starts = new Int32Array(clicksMax);
  readonly #weights = new Float64Array(clicksMax);
  readonly #sums = new Float64Array(DIMENSIONS);
  /** What a loop reads for its own sake; kept, so that it is not left out. */
  readonly #touched = new Int32Array(1);
  /** Cosine of row `r` in view `v` at `r * DOTS_STRIDE + v`, after `compare`. */
  readonly cosines: Float32Array;

  constructor(vectors: Vectors, rowsMax: number) {
    this.#vectors = vectors;
    const { bytes } = vectors;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const memory = wasmMemory(rowsMax * (DIMENSIONS + DOTS_STRIDE * 4) + DIMENSIONS * VIEWS * 4);
    this.#views = new Float32Array(memory.buffer, 0, DIMENSIONS * VIEWS);
    this.cosines = new Float32Array(memory.buffer, this.#views.byteLength, rowsMax * DOTS_STRIDE);
    const after = this.#views.byteLength + this.cosines.byteLength;
    this.#rows = new Int32Array(memory.buffer, after, (rowsMax * DIMENSIONS) / 4);
    this.#kernels = cosineKernels(memory);
  }

  /** Sets the session, given as item indices, oldest first. */
  begin(items: ArrayLike<number>, count: number): void {
    const { bytes, scales } = this.#vectors;
    const [starts, weights, sums, views] = [this.#starts, this.#weights, this.#sums, this.#views];
    for (let v = 0; v < VIEWS; v++) {
      let used = 0;
      for (let back = 0; back < Math.min(count, clicksMax); back++) {
        const item = items[count - 1 - back]!;
        const weight = Math.exp(-decays[v]! * back) * scales[item]!;
        if (weight < 1e-9) continue;
        starts[used] = item * DIMENSIONS;
        weights[used++] = weight;
      }
      let squares = 0;
      for (let d = 0; d < DIMENSIONS; d++) {
        let sum = 0;
        // In single precision, as models were trained with.
        for (let n = 0; n < used; n++) sum = Math.fround(sum + weights[n]! * bytes[starts[n]! + d]!);
        sums[d] = sum;
        squares += sum ** 2;
      }
      const scale = 1 / Math.sqrt(Math.max(squares, 1e-20));
      for (let d = 0; d < DIMENSIONS; d++) views[place(d, v)] = sums[d]! * scale;
    }
  }

  /** Fills `cosines` for the items of the `count` given slots. */
  compare(slots: Int32Array, itemOfSlot: Int32Array, count: number): void {
    const words = DIMENSIONS / 4;
    // Rows lie far apart: touched one after the other, their cache lines come at the same time instead of in turn.
    let touched = 0;
    for (let r = 0; r < count; r++) {
      const from = itemOfSlot[slots[r]!]! * words;
      touched ^= this.#words[from]! ^ this.#words[from + words / 2]!;
    }
    this.#touched[0] = touched;
    for (let r = 0; r < count; r++) {
      const from = itemOfSlot[slots[r]!]! * words;
      for (let w = 0; w < words; w++) this.#rows[r * words + w] = this.#words[from + w]!;
    }
    const { cosines } = this;
    this.#kernels.dots(this.#rows.byteOffset, DIMENSIONS, this.#views.byteOffset, cosines.byteOffset, count);
    for (let r = 0; r < count; r++) {
      const scale = this.#vectors.scales[itemOfSlot[slots[r]!]!]!;
      for (let v = 0; v < VIEWS; v++) cosines[r * DOTS_STRIDE + v]! *= scale;
    }
  }
}

/** Views interleave by four numbers, as the kernel reads them. */
function place(dimension: number, view: number): number {
  return ((dimension >> 2) * VIEWS + view) * 4 + (dimension & 3);
}
