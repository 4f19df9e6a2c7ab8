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
   * Dot products of `rows` rows of `length` signed bytes (a multiple of 4) with three vectors of floats, one after the other
   * at `views`: three floats and one of padding for each row at `out`.
   */
  dots(bytes: number, length: number, views: number, out: number, rows: number): void;
}

export const VIEWS = 3;
/** Floats from one row's answers to the next. */
export const DOTS_STRIDE = 4;

const dots: Func = (() => {
  const [bytes, length, views, out, rows, end, rowEnd, at, view, acc] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const numbers = acc + VIEWS;
  const sum = (v: number): Code =>
    addFloats(addFloats(lane(get(v), 0), lane(get(v), 1)), addFloats(lane(get(v), 2), lane(get(v), 3)));
  return {
    name: "dots",
    params: 5,
    ints: 4,
    vectors: VIEWS + 1,
    body: [
      ...set(end, add(get(out), multiply(get(rows), int(DOTS_STRIDE * 4)))),
      ...set(at, get(bytes)),
      ...loop(out, end, int(DOTS_STRIDE * 4), [
        ...each(VIEWS, (v) => set(acc + v, zeros)),
        ...set(rowEnd, add(get(at), get(length))),
        ...set(view, get(views)),
        ...loop(at, rowEnd, int(4), [
          ...set(numbers, loadBytesAsFloats(get(at))),
          // The three views interleave, four floats of each in turn.
          ...each(VIEWS, (v) => accumulate(acc + v, get(numbers), load(get(view), v * 16))),
          ...set(view, add(get(view), int(VIEWS * 16))),
        ]),
        ...each(VIEWS, (v) => storeFloat(get(out), sum(acc + v), v * 4)),
      ]),
    ],
  };
})();

export const cosineKernels = link<CosineKernels>([dots]);

function accumulate(local: number, a: Code, b: Code): Code {
  return set(local, addVectors(get(local), multiplyVectors(a, b)));
}
