/** Before a weight outgrows a double (2^1023), with room for sums. */
const exponentMax = 500;

/**
 * Forward decay (Cormode, Shkapenyuk, Srivastava and Xu, 2009): an event weighs 2^((its time - landmark) / half-life),
 * so that sums never have to be aged one by one; dividing by the weight of "now" gives the decayed count.
 */
export class ForwardDecay {
  readonly #halfLifeMs: number;
  #landmark: number | undefined;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  weight(at: number): number {
    this.#landmark ??= at;
    return 2 ** ((at - this.#landmark) / this.#halfLifeMs);
  }

  /** Moves the landmark to `at` when weights grew too large: the factor for all sums so far; undefined: nothing to do. */
  rebase(at: number): number | undefined {
    if (this.#landmark === undefined || (at - this.#landmark) / this.#halfLifeMs < exponentMax) return undefined;
    const factor = 1 / this.weight(at);
    this.#landmark = at;
    return factor;
  }

  clear(): void {
    this.#landmark = undefined;
  }
}
