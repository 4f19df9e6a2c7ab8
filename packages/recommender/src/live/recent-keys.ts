/** The last keys that were added, between `max` and twice as many: two sets that take turns, so that none is ever sorted or walked. */
export class RecentKeys {
  readonly #max: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Whether the key is new, as far back as this remembers; remembers it. */
  add(key: string): boolean {
    if (this.#young.has(key)) return false;
    const known = this.#old.has(key);
    if (this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return !known;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
