import {
  add,
  addFloats,
  addVectors,
  type Code,
  each,
  type Func,
  get,
  int,
  lane,
  link,
  load,
  loadBytesAsFloats,
  loadInt,
  loadSplat,
  loop,
  multiply,
  multiplyVectors,
  set,
  splat,
  store,
  storeFloat,
  type WasmMemory,
  zeros,
} from "./wasm.ts";

/** Numbers of a vector that are diffused at a time: as many as registers hold. */
export const BLOCK = 32;
const VECTORS = BLOCK / 4;
const ROW = BLOCK * 4;

export interface DiffusionKernels {
  /**
   * y[i] = kept * x[i] + sum of weights[e] * x[neighbours[e]], rows of BLOCK floats. All byte addresses; `offsets` are byte
   * offsets into `neighbours` and `weights`, neighbours byte offsets into `x`.
   */
  diffuse(offsets: number, neighbours: number, weights: number, x: number, y: number, items: number): void;
}

export function diffusionKernels(kept: number) {
  const [offsets, neighbours, weights, x, y, items, end, edge, edgeEnd, at, acc] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ] as const;
  const weight = acc + VECTORS;
  const diffuse: Func = {
    name: "diffuse",
    params: 6,
    ints: 4,
    vectors: VECTORS + 1,
    body: [
      ...set(end, add(get(y), multiply(get(items), int(ROW)))),
      // From here `items` is the row of x that belongs to y.
      ...set(items, get(x)),
      ...loop(y, end, int(ROW), [
        ...set(weight, splat(kept)),
        ...each(VECTORS, (v) => set(acc + v, multiplyVectors(get(weight), load(get(items), v * 16)))),
        ...set(edge, loadInt(get(offsets))),
        ...set(edgeEnd, loadInt(get(offsets), 4)),
        ...loop(edge, edgeEnd, int(4), [
          ...set(weight, loadSplat(add(get(weights), get(edge)))),
          ...set(at, add(get(x), loadInt(add(get(neighbours), get(edge))))),
          ...each(VECTORS, (v) => accumulate(acc + v, get(weight), load(get(at), v * 16))),
        ]),
        ...each(VECTORS, (v) => store(get(y), get(acc + v), v * 16)),
        ...set(items, add(get(items), int(ROW))),
        ...set(offsets, add(get(offsets), int(4))),
      ]),
    ],
  };
  return link<DiffusionKernels>([diffuse]);
}

export interface CosineKernels {
  /**
   * Weighted sums of rows of signed bytes, in three views at once. `addresses` holds where each of the `rows` rows begins,
   * `weights` four floats for each: one a view and one of padding. The sums go to `views`, interleaved by four numbers of
   * each, and behind them three floats: the sums of their squares.
   */
  sum(addresses: number, weights: number, views: number, rows: number): void;
  /**
   * Dot products of rows of signed bytes, which begin at the `rows` addresses, with the three views: three floats and one
   * of padding for each row at `out`.
   */
  dots(addresses: number, views: number, out: number, rows: number): void;
}

export const VIEWS = 3;
/** Floats from one row's answers or weights to the next. */
export const VIEWS_STRIDE = 4;
const strideBytes = VIEWS_STRIDE * 4;

const across = (vector: Code): Code =>
  addFloats(addFloats(lane(vector, 0), lane(vector, 1)), addFloats(lane(vector, 2), lane(vector, 3)));

/** @param length of a row, a multiple of 4 */
export function cosineKernels(length: number): (memory: WasmMemory) => CosineKernels {
  return link<CosineKernels>([sum(length), dots(length)]);
}

function sum(length: number): Func {
  const [addresses, weights, views, rows, end, column, columnEnd, at, weight, acc] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ] as const;
  const squares = acc + VIEWS;
  const numbers = squares + VIEWS;
  return {
    name: "sum",
    params: 4,
    ints: 5,
    vectors: 2 * VIEWS + 1,
    body: [
      ...set(end, add(get(addresses), multiply(get(rows), int(4)))),
      ...each(VIEWS, (v) => set(squares + v, zeros)),
      ...set(column, int(0)),
      ...set(columnEnd, int(length)),
      ...loop(column, columnEnd, int(4), [
        ...each(VIEWS, (v) => set(acc + v, zeros)),
        ...set(at, get(addresses)),
        ...set(weight, get(weights)),
        ...loop(at, end, int(4), [
          ...set(numbers, loadBytesAsFloats(add(loadInt(get(at)), get(column)))),
          ...each(VIEWS, (v) => accumulate(acc + v, get(numbers), loadSplat(get(weight), v * 4))),
          ...set(weight, add(get(weight), int(strideBytes))),
        ]),
        ...each(VIEWS, (v) => store(get(views), get(acc + v), v * 16)),
        ...each(VIEWS, (v) => accumulate(squares + v, get(acc + v), get(acc + v))),
        ...set(views, add(get(views), int(VIEWS * 16))),
      ]),
      ...each(VIEWS, (v) => storeFloat(get(views), across(get(squares + v)), v * 4)),
    ],
  };
}

function dots(length: number): Func {
  const [addresses, views, out, rows, end, at, rowEnd, view, acc] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
  const numbers = acc + VIEWS;
  return {
    name: "dots",
    params: 4,
    ints: 4,
    vectors: VIEWS + 1,
    body: [
      ...set(end, add(get(addresses), multiply(get(rows), int(4)))),
      ...loop(addresses, end, int(4), [
        ...each(VIEWS, (v) => set(acc + v, zeros)),
        ...set(at, loadInt(get(addresses))),
        ...set(rowEnd, add(get(at), int(length))),
        ...set(view, get(views)),
        ...loop(at, rowEnd, int(4), [
          ...set(numbers, loadBytesAsFloats(get(at))),
          // The three views interleave, four floats of each in turn.
          ...each(VIEWS, (v) => accumulate(acc + v, get(numbers), load(get(view), v * 16))),
          ...set(view, add(get(view), int(VIEWS * 16))),
        ]),
        ...each(VIEWS, (v) => storeFloat(get(out), across(get(acc + v)), v * 4)),
        ...set(out, add(get(out), int(strideBytes))),
      ]),
    ],
  };
}

function accumulate(local: number, a: Code, b: Code): Code {
  return set(local, addVectors(get(local), multiplyVectors(a, b)));
}
