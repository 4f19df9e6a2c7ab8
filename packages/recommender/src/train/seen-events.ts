/**
 * A set of event ids in 8 bytes each, so that an event which stands in several batches counts once in training. Ids are
 * uuids; their last 62 random bits are the key (at 10^8 events the chance of any collision is about one in a thousand).
 */
export class SeenEvents {
  #slots = new BigUint64Array(1 << 12);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether the id is new; remembers it. */
  add(id: string): boolean {
    // The top bit keeps a key from being 0, which marks a free slot.
    const key = BigInt.asUintN(64, BigInt(`0x${id.slice(19, 23)}${id.slice(24)}`)) | (1n << 63n);
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    return this.#insert(key);
  }

  #insert(key: bigint): boolean {
    const mask = this.#slots.length - 1;
    for (let at = Number(key & BigInt(mask)); ; at = (at + 1) & mask) {
      const slot = this.#slots[at] as bigint;
      if (slot === key) return false;
      if (slot === 0n) {
        this.#slots[at] = key;
        this.#size++;
        return true;
      }
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(old.length * 2);
    this.#size = 0;
    for (const key of old) if (key !== 0n) this.#insert(key);
  }
}
