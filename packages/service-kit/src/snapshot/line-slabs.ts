/** Where a line lies. Its bytes never change: a line is written once, so what was captured stays readable. */
export interface Place {
  readonly slab: Slab;
  readonly start: number;
  readonly end: number;
}

interface Slab {
  readonly bytes: Buffer;
  /** Whose lines were written here, in order; by now their lines may lie elsewhere. */
  readonly ids: string[];
  used: number;
  live: number;
}

const slabBytes = 256 * 1024;
/** A longer line has a slab of its own, so that no slab is left more than a quarter empty. */
const sharedLineBytesMax = slabBytes / 4;

/**
 * Lines of text by an id, as bytes in a few hundred blocks: for the garbage collector a hundred thousand of them are a
 * map of small records, however much they say. Lines are appended. A full slab that is more than half dead moves what is
 * alive, some hundred lines, to the open one and is let go; so all slabs together are at most 8/3 of what is alive, and
 * one.
 */
export class LineSlabs {
  readonly #places = new Map<string, Place>();
  #open = newSlab(slabBytes);

  get size(): number {
    return this.#places.size;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  get(id: string): string | undefined {
    const place = this.#places.get(id);
    return place?.slab.bytes.toString("utf8", place.start, place.end);
  }

  ids(): IterableIterator<string> {
    return this.#places.keys();
  }

  /** All lines as they are now, whatever is put and deleted later. */
  capture(): readonly Place[] {
    return [...this.#places.values()];
  }

  put(id: string, line: Uint8Array): void {
    this.delete(id);
    this.#append(id, line);
  }

  delete(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    place.slab.live -= place.end - place.start;
    if (place.slab !== this.#open) this.#tidy(place.slab);
  }

  #append(id: string, line: Uint8Array): void {
    const slab = this.#slabFor(line.length);
    const start = slab.used;
    slab.bytes.set(line, start);
    slab.used += line.length;
    slab.live += line.length;
    slab.ids.push(id);
    this.#places.set(id, { slab, start, end: slab.used });
  }

  #slabFor(length: number): Slab {
    if (length > sharedLineBytesMax) return newSlab(length);
    const full = this.#open;
    if (full.used + length > slabBytes) {
      this.#open = newSlab(slabBytes);
      this.#tidy(full);
    }
    return this.#open;
  }

  #tidy(slab: Slab): void {
    if (slab.live * 2 >= slab.used) return;
    for (const id of slab.ids) {
      const place = this.#places.get(id);
      if (place?.slab === slab) this.#append(id, bytesAt(place));
    }
  }
}

export function bytesAt({ slab, start, end }: Place): Uint8Array {
  return slab.bytes.subarray(start, end);
}

function newSlab(length: number): Slab {
  // Not from Node's pool: a line would hold on to eight kilobytes of others' bytes.
  return { bytes: Buffer.allocUnsafeSlow(length), ids: [], used: 0, live: 0 };
}
