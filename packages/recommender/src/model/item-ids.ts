/**
 * Item ids as bytes with an open-addressing hash index, all typed arrays: a million ids open from a file without making a
 * million strings or a Map.
 */
export interface IdColumns {
  /** UTF-8 bytes of all ids, one after the other. */
  readonly bytes: Uint8Array;
  /** Start of each id in `bytes`, and the end of the last. */
  readonly offsets: Uint32Array;
  /** Index + 1 of the id in each place of the hash table, 0 for none; the length is a power of two. */
  readonly places: Uint32Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function packIds(ids: readonly string[]): IdColumns {
  let length = 0;
  for (const id of ids) length += id.length;
  let bytes = new Uint8Array(Math.max(16, length));
  const offsets = new Uint32Array(ids.length + 1);
  const places = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, ids.length * 2))));
  let end = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (bytes.length - end < id.length * 3) {
      const grown = new Uint8Array(Math.max(bytes.length * 2, end + id.length * 3));
      grown.set(bytes.subarray(0, end));
      bytes = grown;
    }
    const start = end;
    end += encoder.encodeInto(id, bytes.subarray(end)).written;
    offsets[i + 1] = end;
    let place = hash(bytes, start, end) & (places.length - 1);
    while (places[place] !== 0) place = (place + 1) & (places.length - 1);
    places[place] = i + 1;
  }
  return { bytes: bytes.slice(0, end), offsets, places };
}

export class PackedIds {
  readonly columns: IdColumns;
  readonly count: number;
  readonly #probe = new Uint8Array(2048);

  constructor(columns: IdColumns) {
    this.columns = columns;
    this.count = columns.offsets.length - 1;
  }

  indexOf(id: string): number {
    // Ids have 500 bytes at most; what does not fit into the probe cannot be a known one.
    const { read, written } = encoder.encodeInto(id, this.#probe);
    if (read < id.length) return -1;
    const { places } = this.columns;
    let place = hash(this.#probe, 0, written) & (places.length - 1);
    for (;;) {
      const found = places[place]!;
      if (found === 0) return -1;
      if (this.#equals(found - 1, written)) return found - 1;
      place = (place + 1) & (places.length - 1);
    }
  }

  idOf(item: number): string {
    const { bytes, offsets } = this.columns;
    return decoder.decode(bytes.subarray(offsets[item]!, offsets[item + 1]!));
  }

  #equals(item: number, length: number): boolean {
    const { bytes, offsets } = this.columns;
    const start = offsets[item]!;
    if (offsets[item + 1]! - start !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[start + i] !== this.#probe[i]) return false;
    return true;
  }
}

/** FNV-1a with a final mix, since the low bits address the table. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  return h >>> 0;
}
