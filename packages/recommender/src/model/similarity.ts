import { spaceWith } from "./kernel-space.ts";
import { type CosineKernels, cosineKernels, VIEWS, VIEWS_STRIDE } from "./vector-kernels.ts";
import { DIMENSIONS, type Vectors } from "./vectors.ts";

/** The sessions' newest clicks that make its direction. */
const clicksMax = 10;
/** A session has one direction for each: how fast a click's weight falls with each click after it. */
const decays: readonly number[] = [0.3, 1, 20];
/** Weight of the click `back` clicks ago in view `v`, at `back * VIEWS + v`. */
const fading = Float32Array.from({ length: clicksMax * VIEWS }, (_, n) =>
  Math.exp(-(decays[n % VIEWS] ?? 0) * Math.floor(n / VIEWS)),
);
const kernels = cosineKernels(DIMENSIONS);

/**
 * Cosines between a session and items, in three views: all of it about equally, mostly the end, the last click alone. What
 * it wrote holds until another one on the same vectors begins.
 */
export class Similarity {
  readonly #scales: Float32Array;
  /** The vectors where the kernels see them, as 32-bit words. */
  readonly #words: Int32Array;
  readonly #at: number;
  /** Where the rows begin that a kernel is asked about. */
  readonly #addresses: Int32Array;
  readonly #weights: Float32Array;
  /** The three directions, then the squares of their lengths. */
  readonly #views: Float32Array;
  readonly #lengths = new Float32Array(VIEWS);
  readonly #kernels: CosineKernels;
  /** What a loop reads for its own sake; kept, so that it is not left out. */
  readonly #touched = new Int32Array(1);
  /** Cosine of row `r` in view `v` at `r * VIEWS_STRIDE + v`, after `compare`. */
  readonly cosines: Float32Array;

  /** @param rowsMax rows that are compared at once, 256 at most */
  constructor({ bytes, scales }: Vectors, rowsMax: number) {
    const { space, at } = spaceWith(bytes);
    const { buffer } = space.memory;
    this.#scales = scales;
    this.#at = at;
    this.#words = new Int32Array(buffer, at, bytes.length / 4);
    this.#views = new Float32Array(buffer, space.scratchAt, DIMENSIONS * VIEWS + VIEWS_STRIDE);
    this.#weights = new Float32Array(buffer, after(this.#views), clicksMax * VIEWS_STRIDE);
    this.cosines = new Float32Array(buffer, after(this.#weights), rowsMax * VIEWS_STRIDE);
    this.#addresses = new Int32Array(buffer, after(this.cosines), Math.max(rowsMax, clicksMax));
    this.#kernels = kernels(space.memory);
  }

  /** Sets the session, given as item indices, oldest first. */
  begin(items: ArrayLike<number>, count: number): void {
    const clicks = Math.min(count, clicksMax);
    for (let back = 0; back < clicks; back++) {
      const item = items[count - 1 - back]!;
      this.#addresses[back] = this.#at + item * DIMENSIONS;
      for (let v = 0; v < VIEWS; v++)
        this.#weights[back * VIEWS_STRIDE + v] = fading[back * VIEWS + v]! * this.#scales[item]!;
    }
    const views = this.#views;
    this.#kernels.sum(this.#addresses.byteOffset, this.#weights.byteOffset, views.byteOffset, clicks);
    for (let v = 0; v < VIEWS; v++) this.#lengths[v] = 1 / Math.sqrt(Math.max(views[DIMENSIONS * VIEWS + v]!, 1e-20));
  }

  /** Fills `cosines` for the items of the `count` given slots. */
  compare(slots: Int32Array, itemOfSlot: Int32Array, count: number): void {
    const words = DIMENSIONS / 4;
    const addresses = this.#addresses;
    // Rows lie far apart: touched one after the other, their cache lines come at the same time instead of in turn.
    let touched = 0;
    for (let r = 0; r < count; r++) {
      const from = itemOfSlot[slots[r]!]! * words;
      touched ^= this.#words[from]! ^ this.#words[from + words / 2]!;
      addresses[r] = this.#at + from * 4;
    }
    this.#touched[0] = touched;
    const { cosines } = this;
    this.#kernels.dots(addresses.byteOffset, this.#views.byteOffset, cosines.byteOffset, count);
    const [l0, l1, l2] = [this.#lengths[0]!, this.#lengths[1]!, this.#lengths[2]!];
    for (let r = 0, c = 0; r < count; r++, c += VIEWS_STRIDE) {
      const scale = this.#scales[itemOfSlot[slots[r]!]!]!;
      cosines[c]! *= scale * l0;
      cosines[c + 1]! *= scale * l1;
      cosines[c + 2]! *= scale * l2;
    }
  }
}

const after = (array: Float32Array): number => array.byteOffset + array.byteLength;
