import { type Layout, layoutFor, Space } from "./mlp.ts";
import { type Kernels, kernels, WIDTH } from "./simd.ts";

/** Forward and backward pass over one list at a time, gradients summed until the caller takes a step. */
export class MlpTrainer {
  readonly layout: Layout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Input rows of the list; padding columns stay zero. */
  readonly x: Float32Array;
  readonly #w2Transposed: Float32Array;
  readonly #h1: Float32Array;
  readonly #h2: Float32Array;
  readonly #d1: Float32Array;
  readonly #d2: Float32Array;
  readonly #y: Float32Array;
  readonly #kernels: Kernels;

  constructor(inputs: number, rowsMax: number) {
    const at = layoutFor(inputs);
    this.layout = at;
    const space = new Space(at.length * 2 + WIDTH * WIDTH + rowsMax * (at.stride + 4 * WIDTH + 1) + 64);
    this.parameters = space.take(at.length);
    this.gradients = space.take(at.length);
    this.#w2Transposed = space.take(WIDTH * WIDTH);
    this.x = space.take(rowsMax * at.stride);
    this.#h1 = space.take(rowsMax * WIDTH);
    this.#h2 = space.take(rowsMax * WIDTH);
    this.#d1 = space.take(rowsMax * WIDTH);
    this.#d2 = space.take(rowsMax * WIDTH);
    this.#y = space.take(rowsMax);
    this.#kernels = kernels(space.memory);
  }

  /** Call after parameters changed. */
  refresh(): void {
    const { w2 } = this.layout;
    for (let i = 0; i < WIDTH; i++) {
      for (let j = 0; j < WIDTH; j++) this.#w2Transposed[j * WIDTH + i] = this.parameters[w2 + i * WIDTH + j]!;
    }
  }

  /** Adds the gradient of -log softmax(row 0) over the first `rows` rows of `x`; returns that loss. */
  accumulate(rows: number): number {
    const { layout: at, parameters: p, gradients: g } = this;
    const [x, h1, h2, d1, d2] = [this.x, this.#h1, this.#h2, this.#d1, this.#d2].map((a) => a.byteOffset) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const stride = at.stride * 4;
    const [from, to] = [p.byteOffset, g.byteOffset];
    this.#kernels.dense(x, stride, at.inputs, from + at.w1 * 4, from + at.b1 * 4, h1, rows);
    this.#kernels.dense(h1, WIDTH * 4, WIDTH, from + at.w2 * 4, from + at.b2 * 4, h2, rows);
    this.#kernels.output(x, stride, at.stride, from + at.skip * 4, h2, from + at.w3 * 4, this.#y.byteOffset, rows);
    const loss = this.#softmax(rows);
    this.#outputBackward(rows);
    this.#kernels.outer(h1, WIDTH * 4, WIDTH, d2, to + at.w2 * 4, rows);
    this.#kernels.denseMasked(d2, this.#w2Transposed.byteOffset, h1, d1, rows);
    this.#kernels.outer(x, stride, at.inputs, d1, to + at.w1 * 4, rows);
    this.#sumRows(this.#d2, at.b2, rows);
    this.#sumRows(this.#d1, at.b1, rows);
    return loss;
  }

  /** Turns `y` into its own gradient. */
  #softmax(rows: number): number {
    const y = this.#y;
    let top = y[0]!;
    for (let r = 1; r < rows; r++) top = Math.max(top, y[r]!);
    const clicked = y[0]! - top;
    let total = 0;
    for (let r = 0; r < rows; r++) total += y[r] = Math.exp(y[r]! - top);
    for (let r = 0; r < rows; r++) y[r]! /= total;
    y[0]! -= 1;
    return Math.log(total) - clicked;
  }

  #outputBackward(rows: number): void {
    const { layout: at, parameters: p, gradients: g, x } = this;
    const [h2, d2, y] = [this.#h2, this.#d2, this.#y];
    for (let r = 0; r < rows; r++) {
      const dy = y[r]!;
      const row = r * WIDTH;
      for (let j = 0; j < WIDTH; j++) {
        const h = h2[row + j]!;
        d2[row + j] = h > 0 ? dy * p[at.w3 + j]! : 0;
        g[at.w3 + j]! += dy * h;
      }
      for (let i = 0; i < at.inputs; i++) g[at.skip + i]! += dy * x[r * at.stride + i]!;
    }
  }

  #sumRows(d: Float32Array, part: number, rows: number): void {
    const g = this.gradients;
    for (let r = 0; r < rows; r++) for (let j = 0; j < WIDTH; j++) g[part + j]! += d[r * WIDTH + j]!;
  }
}

/** Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019). */
export class Adam {
  readonly #m: Float32Array;
  readonly #v: Float32Array;
  readonly #decay: number;
  #step = 0;

  constructor(length: number, weightDecay: number) {
    this.#m = new Float32Array(length);
    this.#v = new Float32Array(length);
    this.#decay = weightDecay;
  }

  /** Moves `parameters` along `gradients` / `count` and clears the gradients. */
  step(parameters: Float32Array, gradients: Float32Array, count: number, rate: number): void {
    this.#step++;
    const corrected = (rate * Math.sqrt(1 - 0.999 ** this.#step)) / (1 - 0.9 ** this.#step);
    const [m, v] = [this.#m, this.#v];
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i]! / count;
      m[i] = 0.9 * m[i]! + 0.1 * gradient;
      v[i] = 0.999 * v[i]! + 0.001 * gradient * gradient;
      parameters[i] = parameters[i]! * (1 - rate * this.#decay) - (corrected * m[i]!) / (Math.sqrt(v[i]!) + 1e-8);
      gradients[i] = 0;
    }
  }
}
