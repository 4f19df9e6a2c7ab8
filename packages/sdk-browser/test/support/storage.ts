/** A Storage with the real one's manners: everything is text, keys are its own, and it refuses what does not fit. */
export class TestStorage implements Storage {
  [name: string]: unknown;
  readonly #entries = new Map<string, string>();
  readonly #charsMax: number;
  /** Each call throws, as in a browser whose user forbids site data. */
  refuses = false;
  writes = 0;

  constructor(charsMax = 5_000_000) {
    this.#charsMax = charsMax;
  }

  get length(): number {
    this.#check();
    return this.#entries.size;
  }

  get chars(): number {
    let sum = 0;
    for (const [key, value] of this.#entries) sum += key.length + value.length;
    return sum;
  }

  #check(): void {
    if (this.refuses) throw new DOMException("The operation is insecure.", "SecurityError");
  }

  key(index: number): string | null {
    this.#check();
    return [...this.#entries.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    this.#check();
    return this.#entries.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#check();
    this.writes += 1;
    const before = this.#entries.has(key) ? key.length + (this.#entries.get(key) ?? "").length : 0;
    if (this.chars - before + key.length + value.length > this.#charsMax) {
      throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
    }
    this.#entries.set(key, value);
    this[key] = value;
  }

  removeItem(key: string): void {
    this.#check();
    this.#entries.delete(key);
    delete this[key];
  }

  clear(): void {
    for (const key of this.#entries.keys()) delete this[key];
    this.#entries.clear();
  }
}
