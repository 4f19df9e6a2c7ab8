/**
 * Just enough of a WebAssembly assembler for the kernels in `simd.ts`: expressions are arrays of bytes that nest like the
 * text format. JavaScript has no SIMD; four floats at a time is what brings the reranker from 160 to about 25 us a request.
 * Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html
 */
export type Code = readonly number[];

/** What is used of the platform's API; TypeScript declares it with the DOM only. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { exports: unknown };
};

const pageBytes = 65_536;

export function wasmMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
}

/** Compiles once; each call of the result links the functions to a memory. */
export function link<Exports>(functions: readonly Func[]): (memory: WasmMemory) => Exports {
  const module = new WebAssembly.Module(assemble(functions));
  return (memory) => new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}

const I32 = 0x7f;
const V128 = 0x7b;
const SIMD = 0xfd;

export interface Func {
  readonly name: string;
  /** Parameters are locals 0 to `params` - 1, all i32. */
  readonly params: number;
  /** Further i32 locals, then v128 locals. */
  readonly ints: number;
  readonly vectors: number;
  readonly body: Code;
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const int = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];

/** `offset` is a constant number of bytes, part of the instruction. */
export const load = (address: Code, offset = 0): Code => [...address, SIMD, 0x00, 4, ...unsigned(offset)];
export const loadSplat = (address: Code, offset = 0): Code => [...address, SIMD, 0x09, 2, ...unsigned(offset)];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  SIMD,
  0x0b,
  4,
  ...unsigned(offset),
];
export const storeFloat = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  0x38,
  2,
  ...unsigned(offset),
];
export const loadInt = (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)];
/** Four signed bytes as four floats. */
export const loadBytesAsFloats = (address: Code): Code => [
  ...[...address, SIMD, 0x5c, 0, 0],
  ...[SIMD, 0x87, 0x01],
  ...[SIMD, 0xa7, 0x01],
  ...[SIMD, 0xfa, 0x01],
];
/** Four times the same number. */
export const splat = (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), SIMD, 0x13];
export const zeros: Code = [SIMD, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
export const addVectors = (a: Code, b: Code): Code => [...a, ...b, SIMD, 0xe4, 0x01];
export const multiplyVectors = (a: Code, b: Code): Code => [...a, ...b, SIMD, 0xe6, 0x01];
/** a < b ? b : a, the form that is one instruction on x86 (`max` is six, for its rules on NaN). */
export const greater = (a: Code, b: Code): Code => [...a, ...b, SIMD, 0xeb, 0x01];
export const isGreater = (a: Code, b: Code): Code => [...a, ...b, SIMD, 0x44];
export const and = (a: Code, b: Code): Code => [...a, ...b, SIMD, 0x4e];
export const lane = (vector: Code, index: number): Code => [...vector, SIMD, 0x1f, index];
export const addFloats = (a: Code, b: Code): Code => [...a, ...b, 0x92];

/** One after the other for 0 to `count` - 1. */
export const each = (count: number, body: (index: number) => Code): Code =>
  Array.from({ length: count }, (_, index) => body(index)).flat();

/** Runs `body` while local `counter` (unsigned) is below local `end`, adding `step` after each turn. */
export function loop(counter: number, end: number, step: Code, body: Code): Code {
  const advance = set(counter, add(get(counter), step));
  return [
    ...[0x02, 0x40],
    ...[...get(counter), ...get(end), 0x4f, 0x0d, 0],
    ...[0x03, 0x40, ...body, ...advance, ...get(counter), ...get(end), 0x49, 0x0d, 0, 0x0b],
    0x0b,
  ];
}

/** The bytes of a module that imports one memory, `env.memory`, and exports `functions`. */
function assemble(functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [0x60, ...vector(Array<Code>(f.params).fill([I32])), 0]);
  const bodies = functions.map((f) => {
    const locals = vector([
      [...unsigned(f.ints), I32],
      [...unsigned(f.vectors), V128],
    ]);
    return sized([...locals, ...f.body, 0x0b]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text("env"), ...text("memory"), 0x02, 0x00, 1]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(functions.map((f, i) => [...text(f.name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(bodies)),
  ]);
}

const section = (id: number, content: Code): Code => [id, ...sized(content)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const vector = (entries: readonly Code[]): Code => [...unsigned(entries.length), ...entries.flat()];
const text = (value: string): Code => sized([...new TextEncoder().encode(value)]);

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}
