import {
  add,
  addFloats,
  addVectors,
  and,
  type Code,
  each,
  type Func,
  get,
  greater,
  int,
  isGreater,
  lane,
  link,
  load,
  loadSplat,
  loop,
  multiply,
  multiplyVectors,
  set,
  store,
  storeFloat,
  zeros,
} from "./wasm.ts";

/** Width of the hidden layers: the kernels keep one row of outputs in registers. */
export const WIDTH = 32;
const VECTORS = WIDTH / 4;
const ROW_BYTES = WIDTH * 4;

/**
 * Matrix kernels over one memory; all arguments are byte addresses and counts, matrices are row-major float32. Addition is in
 * a fixed order and multiply-add is not fused, so results are the same on every machine.
 */
export interface Kernels {
  /** out[r] = max(0, bias + x[r] . w) for rows of WIDTH; `w` is [inputs][WIDTH], rows of `x` are `stride` bytes apart. */
  dense(x: number, stride: number, inputs: number, w: number, bias: number, out: number, rows: number): void;
  /** out[r] = x[r] . w, where mask[r] > 0, else 0; the backward pass of `dense` with `w` transposed. `x` is [rows][WIDTH]. */
  denseMasked(x: number, w: number, mask: number, out: number, rows: number): void;
  /** w[i] += sum over rows of x[r][i] * d[r], for `inputs` rows of WIDTH: the weight gradient of `dense`. */
  outer(x: number, stride: number, inputs: number, d: number, w: number, rows: number): void;
  /** out[r] (spaced 4 bytes) = x[r] . w + h[r] . v: the output unit, `x` having `inputs` columns (a multiple of 4), `h` WIDTH. */
  output(x: number, stride: number, inputs: number, w: number, h: number, v: number, out: number, rows: number): void;
}

const lanes = (body: (index: number) => Code): Code => each(VECTORS, body);

const dense: Func = (() => {
  const [x, stride, inputs, w, bias, out, rows, end, k, kEnd, wk, acc] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ] as const;
  const splat = acc + VECTORS;
  return {
    name: "dense",
    params: 7,
    ints: 4,
    vectors: VECTORS + 1,
    body: [
      ...set(end, add(get(out), multiply(get(rows), int(ROW_BYTES)))),
      ...loop(out, end, int(ROW_BYTES), [
        ...lanes((v) => set(acc + v, load(get(bias), v * 16))),
        ...set(k, get(x)),
        ...set(kEnd, add(get(x), multiply(get(inputs), int(4)))),
        ...set(wk, get(w)),
        ...loop(k, kEnd, int(4), [
          ...set(splat, loadSplat(get(k))),
          ...lanes((v) => set(acc + v, addVectors(get(acc + v), multiplyVectors(get(splat), load(get(wk), v * 16))))),
          ...set(wk, add(get(wk), int(ROW_BYTES))),
        ]),
        ...lanes((v) => store(get(out), greater(get(acc + v), zeros), v * 16)),
        ...set(x, add(get(x), get(stride))),
      ]),
    ],
  };
})();

const denseMasked: Func = (() => {
  const [x, w, mask, out, rows, end, k, kEnd, wk, acc] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const splat = acc + VECTORS;
  return {
    name: "denseMasked",
    params: 5,
    ints: 4,
    vectors: VECTORS + 1,
    body: [
      ...set(end, add(get(out), multiply(get(rows), int(ROW_BYTES)))),
      ...loop(out, end, int(ROW_BYTES), [
        ...lanes((v) => set(acc + v, zeros)),
        ...set(k, get(x)),
        ...set(kEnd, add(get(x), int(ROW_BYTES))),
        ...set(wk, get(w)),
        ...loop(k, kEnd, int(4), [
          ...set(splat, loadSplat(get(k))),
          ...lanes((v) => set(acc + v, addVectors(get(acc + v), multiplyVectors(get(splat), load(get(wk), v * 16))))),
          ...set(wk, add(get(wk), int(ROW_BYTES))),
        ]),
        ...lanes((v) => store(get(out), and(get(acc + v), isGreater(load(get(mask), v * 16), zeros)), v * 16)),
        ...set(x, add(get(x), int(ROW_BYTES))),
        ...set(mask, add(get(mask), int(ROW_BYTES))),
      ]),
    ],
  };
})();

const outer: Func = (() => {
  const [x, stride, inputs, d, w, rows, end, column, at, dk, dEnd, acc] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ] as const;
  const splat = acc + VECTORS;
  return {
    name: "outer",
    params: 6,
    ints: 5,
    vectors: VECTORS + 1,
    body: [
      ...set(end, add(get(x), multiply(get(inputs), int(4)))),
      ...set(column, get(x)),
      ...set(dEnd, add(get(d), multiply(get(rows), int(ROW_BYTES)))),
      ...loop(column, end, int(4), [
        ...lanes((v) => set(acc + v, load(get(w), v * 16))),
        ...set(at, get(column)),
        ...set(dk, get(d)),
        ...loop(dk, dEnd, int(ROW_BYTES), [
          ...set(splat, loadSplat(get(at))),
          ...lanes((v) => set(acc + v, addVectors(get(acc + v), multiplyVectors(get(splat), load(get(dk), v * 16))))),
          ...set(at, add(get(at), get(stride))),
        ]),
        ...lanes((v) => store(get(w), get(acc + v), v * 16)),
        ...set(w, add(get(w), int(ROW_BYTES))),
      ]),
    ],
  };
})();

const output: Func = (() => {
  const [x, stride, inputs, w, h, v, out, rows, end, k, kEnd, wk, acc] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  ] as const;
  const sum = (vector: Code) =>
    addFloats(addFloats(lane(vector, 0), lane(vector, 1)), addFloats(lane(vector, 2), lane(vector, 3)));
  return {
    name: "output",
    params: 8,
    ints: 4,
    vectors: 1,
    body: [
      ...set(end, add(get(out), multiply(get(rows), int(4)))),
      ...loop(out, end, int(4), [
        ...set(acc, zeros),
        ...set(k, get(x)),
        ...set(kEnd, add(get(x), multiply(get(inputs), int(4)))),
        ...set(wk, get(w)),
        ...loop(k, kEnd, int(16), [
          ...set(acc, addVectors(get(acc), multiplyVectors(load(get(k)), load(get(wk))))),
          ...set(wk, add(get(wk), int(16))),
        ]),
        ...lanes((i) => set(acc, addVectors(get(acc), multiplyVectors(load(get(h), i * 16), load(get(v), i * 16))))),
        ...storeFloat(get(out), sum(get(acc))),
        ...set(x, add(get(x), get(stride))),
        ...set(h, add(get(h), int(ROW_BYTES))),
      ]),
    ],
  };
})();

/** The kernels on one memory. */
export const kernels = link<Kernels>([dense, denseMasked, outer, output]);
