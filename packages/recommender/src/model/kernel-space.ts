import { type WasmMemory, wasmMemory } from "./wasm.ts";

/** What kernels write for one model at a time; more than any of them needs. */
const scratchBytes = 16_384;

/** Bytes that kernels read where they lie, and room behind them for what they are given and what they write. */
export interface KernelSpace {
  readonly memory: WasmMemory;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the scratch, on a boundary of 16 bytes. */
  readonly scratchAt: number;
}

const spaces = new WeakMap<ArrayBufferLike, KernelSpace>();

/** Up to 4 GiB: all that a WebAssembly memory of 32-bit addresses has. The bytes are zero. */
export function kernelSpace(length: number): KernelSpace {
  const scratchAt = Math.ceil(length / 16) * 16;
  const memory = wasmMemory(scratchAt + scratchBytes);
  const space = { memory, bytes: new Uint8Array(memory.buffer, 0, length), scratchAt };
  spaces.set(memory.buffer, space);
  return space;
}

/** The space that the array lies in, or one with a copy of it, and where it begins there. */
export function spaceWith(array: Int8Array): { readonly space: KernelSpace; readonly at: number } {
  const space = spaces.get(array.buffer);
  if (space !== undefined) return { space, at: array.byteOffset };
  const copy = kernelSpace(array.length);
  copy.bytes.set(array);
  return { space: copy, at: 0 };
}
