export interface BreakerOptions {
  /** Failed calls in a row after which no more are made. */
  readonly failuresMax: number;
  /** How long none is made; then one call at a time tries. */
  readonly openMs: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** Leaves an upstream alone that keeps failing, and finds out by single calls when it is well again. */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openUntil = 0;
  #trying = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.#failures >= this.#options.failuresMax;
  }

  /** Whether a call may be made now. Each that is made must be settled by exactly one of the three below. */
  enter(): boolean {
    if (!this.open) return true;
    if (this.#trying || this.#options.now() < this.#openUntil) return false;
    this.#trying = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#trying = false;
  }

  failed(): void {
    this.#failures += 1;
    this.#trying = false;
    if (this.open) this.#openUntil = this.#options.now() + this.#options.openMs;
  }

  /** The call ended for a reason that says nothing about the upstream. */
  settled(): void {
    this.#trying = false;
  }
}
