import { type Kernels, kernels, WIDTH } from "./simd.ts";
import { type WasmMemory, wasmMemory } from "./wasm.ts";

/**
 * The reranker's network: inputs - 32 - 32 - 1 with ReLU, plus a linear skip from the inputs to the output. Parameters are one
 * vector, so that Adam, the model file and the gradient check see the same thing.
 */
export interface Layout {
  readonly inputs: number;
  /** Floats from one row of inputs to the next: `inputs` rounded up to whole SIMD vectors. Padding must be zero. */
  readonly stride: number;
  /** Offsets, in floats, of the parts: `w1` is [stride][WIDTH], `w2` [WIDTH][WIDTH], `skip` [stride]. */
  readonly w1: number;
  readonly b1: number;
  readonly w2: number;
  readonly b2: number;
  readonly w3: number;
  readonly skip: number;
  readonly length: number;
}

export function layoutFor(inputs: number): Layout {
  const stride = Math.ceil(inputs / 4) * 4;
  const w1 = 0;
  const b1 = w1 + stride * WIDTH;
  const w2 = b1 + WIDTH;
  const b2 = w2 + WIDTH * WIDTH;
  const w3 = b2 + WIDTH;
  const skip = w3 + WIDTH;
  return { inputs, stride, w1, b1, w2, b2, w3, skip, length: skip + stride };
}

/** Scores rows of inputs. Fill `x` (row r at r * stride), call `forward(rows)`, read `y`. */
export class Mlp {
  readonly layout: Layout;
  readonly parameters: Float32Array;
  readonly rowsMax: number;
  readonly x: Float32Array;
  readonly h1: Float32Array;
  readonly h2: Float32Array;
  readonly y: Float32Array;
  readonly #kernels: Kernels;

  constructor(inputs: number, rowsMax: number) {
    const at = layoutFor(inputs);
    this.layout = at;
    this.rowsMax = rowsMax;
    const space = new Space(at.length + rowsMax * (at.stride + 2 * WIDTH + 1) + 64);
    this.parameters = space.take(at.length);
    this.x = space.take(rowsMax * at.stride);
    this.h1 = space.take(rowsMax * WIDTH);
    this.h2 = space.take(rowsMax * WIDTH);
    this.y = space.take(rowsMax);
    this.#kernels = kernels(space.memory);
  }

  forward(rows: number): void {
    const { parameters: p, layout: at } = this;
    const address = (part: number) => p.byteOffset + part * 4;
    const [x, h1, h2] = [this.x.byteOffset, this.h1.byteOffset, this.h2.byteOffset];
    this.#kernels.dense(x, at.stride * 4, at.inputs, address(at.w1), address(at.b1), h1, rows);
    this.#kernels.dense(h1, WIDTH * 4, WIDTH, address(at.w2), address(at.b2), h2, rows);
    this.#kernels.output(x, at.stride * 4, at.stride, address(at.skip), h2, address(at.w3), this.y.byteOffset, rows);
  }
}

/** Hands out 16-byte aligned float arrays of one WebAssembly memory. */
export class Space {
  readonly memory: WasmMemory;
  #end = 0;

  constructor(floats: number) {
    this.memory = wasmMemory(floats * 4);
  }

  take(floats: number): Float32Array {
    const array = new Float32Array(this.memory.buffer, this.#end, floats);
    this.#end += Math.ceil(floats / 4) * 16;
    return array;
  }
}
