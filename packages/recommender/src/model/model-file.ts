import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { PackedIds } from "./item-ids.ts";
import { kernelSpace } from "./kernel-space.ts";
import { Model, type ModelMeta, type ModelParts } from "./model.ts";

/**
 * One binary file: a JSON header that lists typed-array sections, then the sections, each on a 64-byte boundary, little-endian.
 * They are opened as views on the file's bytes: nothing is parsed or copied, so a million items open as fast as they are read.
 *
 *   0  "ENDCAPMF"   8  u32 format   12  u32 header bytes   16  u32 CRC-32 of the header   20  u32 CRC-32 of bytes 0..20   24  header
 *
 * Every byte is covered: the preamble and the header by their CRCs, sections by one each, padding by having to be zero.
 */
const MAGIC = "ENDCAPMF";
const FORMAT = 4;
const PREAMBLE = 24;
const ALIGN = 64;

export type ModelFileFault = "not_a_model" | "newer_format" | "truncated" | "altered";

/** The file cannot be used; whoever holds an older model keeps serving from it. */
export class ModelFileError extends Error {
  readonly fault: ModelFileFault;

  constructor(fault: ModelFileFault, detail: string) {
    super(`model file refused (${fault}): ${detail}`);
    this.name = "ModelFileError";
    this.fault = fault;
  }
}

const arrays = { i8: Int8Array, u8: Uint8Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array } as const;
type ArrayName = keyof typeof arrays;
type Section = Int8Array | Uint8Array | Uint32Array | Int32Array | Float32Array;

interface SectionHead {
  readonly name: string;
  readonly array: ArrayName;
  readonly at: number;
  readonly bytes: number;
  readonly crc: number;
}

interface Header {
  readonly meta: ModelMeta;
  readonly bytes: number;
  readonly sections: readonly SectionHead[];
}

function sectionsOf({
  ids,
  tables,
  vectors,
  baskets,
  reranker,
  nextVisit,
  popularOrder,
  trendingOrder,
}: ModelParts): [string, Section][] {
  const sections: [string, Section][] = [
    ["ids.bytes", ids.columns.bytes],
    ["ids.offsets", ids.columns.offsets],
    ["ids.places", ids.columns.places],
    ["tables.rowOffsets", tables.rowOffsets],
    ["tables.neighbours", tables.neighbours],
    ["tables.values", tables.values],
    ["tables.visits", tables.visits],
    ["tables.recentVisits", tables.recentVisits],
    ["tables.lastSeen", tables.lastSeen],
    ["tables.repeatRate", tables.repeatRate],
    ["tables.exitRate", tables.exitRate],
    ["tables.entryRate", tables.entryRate],
    ["vectors.bytes", vectors.bytes],
    ["vectors.scales", vectors.scales],
    ["baskets.rowOffsets", baskets.rowOffsets],
    ["baskets.neighbours", baskets.neighbours],
    ["baskets.values", baskets.values],
    ["popularOrder", popularOrder],
    ["trendingOrder", trendingOrder],
  ];
  if (reranker !== undefined) sections.push(["reranker", reranker]);
  if (nextVisit !== undefined) {
    sections.push(["nextVisit.parameters", nextVisit.parameters], ["nextVisit.returnRate", nextVisit.returnRate]);
  }
  return sections;
}

/** The file's bytes in pieces, in order, so that a sink can stream them; pieces are views on the model. */
export function* encodeModel(model: Model): Generator<Uint8Array> {
  const sections = sectionsOf(model.parts);
  const heads: SectionHead[] = [];
  // Offsets count from the first section, so that the header's own length does not matter to them.
  let end = 0;
  for (const [name, array] of sections) {
    const raw = bytesOf(array);
    heads.push({ name, array: nameOf(array), at: end, bytes: raw.length, crc: crc32(raw) });
    end = aligned(end + raw.length);
  }
  const header: Header = { meta: model.parts.meta, bytes: end, sections: heads };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(aligned(PREAMBLE + json.length));
  const view = new DataView(start.buffer);
  new TextEncoder().encodeInto(MAGIC, start);
  view.setUint32(8, FORMAT, true);
  view.setUint32(12, json.length, true);
  view.setUint32(16, crc32(json), true);
  view.setUint32(20, crc32(start.subarray(0, 20)), true);
  start.set(json, PREAMBLE);
  yield start;
  for (const [, array] of sections) {
    const raw = bytesOf(array);
    yield raw;
    const padding = aligned(raw.length) - raw.length;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

/** Writes beside the target, flushes, renames: a reader sees the old file or the whole new one. */
export async function writeModel(path: string, model: Model): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "w");
    for (const piece of encodeModel(model)) await file.write(piece);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Memory for a file's bytes in which the vectors need not be copied before they can be compared. */
export const roomForModel = (length: number): Uint8Array<ArrayBuffer> => kernelSpace(length).bytes;

/** @throws {ModelFileError} when the bytes are no model, truncated, altered, or of a newer format. */
export function openModel(file: Uint8Array<ArrayBuffer>): Model {
  // Views need their alignment; a small Buffer may lie anywhere in Node's pool.
  const opening = new ModelOpening(file.byteOffset % ALIGN === 0 ? file : new Uint8Array(file));
  opening.check(file.length);
  return opening.finish();
}

/**
 * Opens a file while it is being read: its checksums run over what is there already, a piece of it at a time, so that a
 * large one is open soon after its last byte was read and nothing else has to wait meanwhile.
 */
export class ModelOpening {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #found = new Map<string, Section>();
  #header: { readonly json: Header; readonly base: number } | undefined;
  #there = 0;
  /** Everything before was checked. */
  #end = 0;
  /** The section that is being checked, and the checksum of its part before `#end`. */
  #next = 0;
  #crc = 0;

  /** `bytes` has the size of the whole file, and its alignment. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /**
   * The first `length` bytes are there.
   * @throws {ModelFileError} as soon as it is known that they are no model, truncated, altered, or of a newer format
   */
  check(length: number): void {
    this.#there = length;
    this.#header ??= this.#readHeader(length);
    if (this.#header === undefined) return;
    const { json, base } = this.#header;
    for (; this.#next < json.sections.length; this.#next++) {
      const head = json.sections[this.#next]!;
      const start = base + head.at;
      if (length < start) return;
      if (this.#end < start) {
        requireZeros(this.#bytes, this.#end, start);
        this.#end = start;
      }
      const end = Math.min(start + head.bytes, length);
      this.#crc = crc32(this.#bytes.subarray(this.#end, end), this.#crc);
      this.#end = end;
      if (end < start + head.bytes) return;
      if (this.#crc !== head.crc)
        throw new ModelFileError("altered", `section ${head.name} does not match its checksum`);
      this.#crc = 0;
      const make = arrays[head.array];
      const { buffer, byteOffset } = this.#bytes;
      this.#found.set(head.name, new make(buffer, byteOffset + start, head.bytes / make.BYTES_PER_ELEMENT));
    }
  }

  /** @throws {ModelFileError} when not all of it is there and checked */
  finish(): Model {
    const bytes = this.#bytes;
    if (this.#header === undefined || this.#there < bytes.length)
      throw truncated(this.#there, Math.max(bytes.length, PREAMBLE));
    requireZeros(bytes, this.#end, bytes.length);
    return assemble(this.#found, this.#header.json.meta);
  }

  #readHeader(length: number): { readonly json: Header; readonly base: number } | undefined {
    const bytes = this.#bytes;
    const header = readHeader(bytes, length);
    if (header === undefined) return undefined;
    this.#end = PREAMBLE + header.length;
    const base = aligned(this.#end);
    if (bytes.length !== base + header.json.bytes) throw truncated(bytes.length, base + header.json.bytes);
    return { json: header.json, base };
  }
}

/** Undefined: more of it has to be there. */
function readHeader(bytes: Uint8Array<ArrayBuffer>, there: number): { json: Header; length: number } | undefined {
  if (bytes.length < PREAMBLE) throw truncated(bytes.length, PREAMBLE);
  if (there < PREAMBLE) return undefined;
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw new ModelFileError("not_a_model", "it does not begin as a model file does");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREAMBLE);
  if (view.getUint32(20, true) !== crc32(bytes.subarray(0, 20))) {
    throw new ModelFileError("altered", "the preamble does not match its checksum");
  }
  const format = view.getUint32(8, true);
  if (format !== FORMAT) {
    throw new ModelFileError("newer_format", `format ${format}, this release reads ${FORMAT}; train again or upgrade`);
  }
  const length = view.getUint32(12, true);
  if (bytes.length < PREAMBLE + length) throw truncated(bytes.length, PREAMBLE + length);
  if (there < PREAMBLE + length) return undefined;
  const raw = bytes.subarray(PREAMBLE, PREAMBLE + length);
  if (view.getUint32(16, true) !== crc32(raw)) {
    throw new ModelFileError("altered", "the header does not match its checksum");
  }
  // Its checksum holds, so it is what encodeModel of this format wrote.
  return { json: JSON.parse(new TextDecoder().decode(raw)) as Header, length };
}

function assemble(found: Map<string, Section>, meta: ModelMeta): Model {
  const u8 = (name: string) => section(found, name, Uint8Array);
  const u32 = (name: string) => section(found, name, Uint32Array);
  const i32 = (name: string) => section(found, name, Int32Array);
  const f32 = (name: string) => section(found, name, Float32Array);
  const ids = new PackedIds({ bytes: u8("ids.bytes"), offsets: u32("ids.offsets"), places: u32("ids.places") });
  return new Model({
    ids,
    tables: {
      itemCount: ids.count,
      rowOffsets: u32("tables.rowOffsets"),
      neighbours: i32("tables.neighbours"),
      values: u8("tables.values"),
      visits: f32("tables.visits"),
      recentVisits: f32("tables.recentVisits"),
      lastSeen: f32("tables.lastSeen"),
      repeatRate: f32("tables.repeatRate"),
      exitRate: f32("tables.exitRate"),
      entryRate: f32("tables.entryRate"),
    },
    vectors: { bytes: section(found, "vectors.bytes", Int8Array), scales: f32("vectors.scales") },
    baskets: {
      rowOffsets: u32("baskets.rowOffsets"),
      neighbours: i32("baskets.neighbours"),
      values: f32("baskets.values"),
    },
    reranker: found.has("reranker") ? f32("reranker") : undefined,
    nextVisit: found.has("nextVisit.parameters")
      ? { parameters: f32("nextVisit.parameters"), returnRate: f32("nextVisit.returnRate") }
      : undefined,
    popularOrder: i32("popularOrder"),
    trendingOrder: i32("trendingOrder"),
    meta,
  });
}

function section<A extends Section>(
  found: Map<string, Section>,
  name: string,
  type: new (buffer: ArrayBuffer, at: number, length: number) => A,
): A {
  const array = found.get(name);
  if (!(array instanceof type)) throw new ModelFileError("altered", `section ${name} is missing`);
  return array;
}

function requireZeros(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (bytes[i] !== 0) throw new ModelFileError("altered", "padding is not zero");
  }
}

function truncated(has: number, needs: number): ModelFileError {
  return new ModelFileError("truncated", `${has} bytes where ${needs} are needed`);
}

function bytesOf(array: Section): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function nameOf(array: Section): ArrayName {
  if (array instanceof Int8Array) return "i8";
  if (array instanceof Uint8Array) return "u8";
  if (array instanceof Uint32Array) return "u32";
  return array instanceof Int32Array ? "i32" : "f32";
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGN) * ALIGN;
}
