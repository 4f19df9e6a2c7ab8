/**
 * A seeded generator, so that the same seed gives the same shop and the same shoppers on every machine.
 *
 * sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, PractRand-tested), seeded by FNV-1a of a label. `fork`
 * derives a stream from the label alone, never from what was drawn before: adding a product to one kind leaves every
 * other kind as it was.
 */
export class Random {
  readonly #label: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.#label = String(seed);
    this.#a = fnv1a(this.#label, 0x811c9dc5);
    this.#b = fnv1a(this.#label, 0x01000193);
    this.#c = fnv1a(this.#label, 0x9e3779b9);
    for (let i = 0; i < 12; i++) this.#draw();
  }

  fork(label: string | number): Random {
    return new Random(`${this.#label}/${label}`);
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.#draw() / 0x1_0000_0000;
  }

  /** Uniform integer, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new RangeError("pick from an empty list");
    return item;
  }

  /** One item with probability in proportion to its weight; weights are >= 0 and not all 0. */
  weighted<T>(items: readonly T[], weightOf: (item: T) => number): T {
    const weights = items.map(weightOf);
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, item] of items.entries()) {
      left -= weights[i] ?? 0;
      if (left < 0) return item;
    }
    return this.pick(items);
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.#draw() & 0xff;
    return out;
  }

  #draw(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }
}

function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
