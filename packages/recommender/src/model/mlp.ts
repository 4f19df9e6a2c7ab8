/**
 * A small scorer: inputs - 32 - 32 - 1 with ReLU, plus a linear skip from the inputs. Parameters lie in one array, so that Adam,
 * the model file and the gradient check see one vector.
 */
export const HIDDEN = 32;

export interface Layout {
  readonly inputs: number;
  readonly w1: number;
  readonly b1: number;
  readonly w2: number;
  readonly b2: number;
  readonly w3: number;
  readonly skip: number;
  readonly length: number;
}

/** Offsets of the parts in a parameter vector. `w1` is [inputs][HIDDEN], `w2` [HIDDEN][HIDDEN]: the inner loops run over outputs. */
export function layout(inputs: number): Layout {
  const w1 = 0;
  const b1 = w1 + inputs * HIDDEN;
  const w2 = b1 + HIDDEN;
  const b2 = w2 + HIDDEN * HIDDEN;
  const w3 = b2 + HIDDEN;
  const skip = w3 + HIDDEN;
  return { inputs, w1, b1, w2, b2, w3, skip, length: skip + inputs };
}

export class Mlp {
  readonly parameters: Float32Array;
  readonly #at: Layout;
  readonly #h1 = new Float32Array(HIDDEN);
  readonly #h2 = new Float32Array(HIDDEN);

  constructor(parameters: Float32Array, inputs: number) {
    this.parameters = parameters;
    this.#at = layout(inputs);
  }

  score(x: Float32Array, base: number): number {
    const at = this.#at;
    const p = this.parameters;
    const h1 = this.#h1;
    const h2 = this.#h2;
    let y = 0;
    for (let j = 0; j < HIDDEN; j++) h1[j] = p[at.b1 + j]!;
    for (let i = 0; i < at.inputs; i++) {
      const xi = x[base + i]!;
      y += xi * p[at.skip + i]!;
      const row = at.w1 + i * HIDDEN;
      for (let j = 0; j < HIDDEN; j++) h1[j]! += xi * p[row + j]!;
    }
    for (let j = 0; j < HIDDEN; j++) h2[j] = p[at.b2 + j]!;
    for (let i = 0; i < HIDDEN; i++) {
      const a = h1[i]!;
      if (a <= 0) continue;
      const row = at.w2 + i * HIDDEN;
      for (let j = 0; j < HIDDEN; j++) h2[j]! += a * p[row + j]!;
    }
    for (let j = 0; j < HIDDEN; j++) {
      const a = h2[j]!;
      if (a > 0) y += a * p[at.w3 + j]!;
    }
    return y;
  }
}
