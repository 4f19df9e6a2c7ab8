const windowMs = 10_000;
const failuresMin = 5;
const pauseMsMin = 500;
const pauseMsMax = 15_000;

export interface BreakerOptions {
  /** Milliseconds that only ever grow: a wall clock that is set back would keep a breaker open for as long. */
  readonly monotonic: () => number;
  readonly random: () => number;
  /** After each opening and closing. */
  readonly onChange?: (open: boolean) => void;
}

/**
 * Stops asking an upstream that does not answer. It opens when at least five calls failed within ten seconds and no fewer
 * than succeeded; a failure is a connection that broke or an answer that never came, not a refusal. While open it lets
 * one call through after each pause: the one that succeeds closes it, each that fails doubles the pause. It costs a
 * healthy call one comparison and one addition, and reads no clock.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** 0: closed. Else the next trial may leave from this time on. */
  #trialAt = 0;
  #pauseMs = pauseMsMin;
  #windowEndsAt = 0;
  #failed = 0;
  #succeeded = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.#trialAt !== 0;
  }

  /** Whether a call may leave. While open a `true` is a trial, and the next one is a pause away. */
  allow(): boolean {
    if (this.#trialAt === 0) return true;
    const now = this.#options.monotonic();
    if (now < this.#trialAt) return false;
    this.#trialAt = now + this.#jittered();
    return true;
  }

  succeeded(): void {
    this.#succeeded += 1;
    if (this.#trialAt !== 0) this.#close();
  }

  failed(): void {
    const now = this.#options.monotonic();
    if (this.#trialAt !== 0) {
      this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMsMax);
      this.#trialAt = now + this.#jittered();
      return;
    }
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + windowMs;
      this.#failed = 0;
      this.#succeeded = 0;
    }
    this.#failed += 1;
    if (this.#failed >= failuresMin && this.#failed >= this.#succeeded) this.trip();
  }

  /** Opens it at once: a health probe knows more than the calls do. */
  trip(): void {
    if (this.#trialAt !== 0) return;
    this.#pauseMs = pauseMsMin;
    this.#trialAt = this.#options.monotonic() + this.#jittered();
    this.#options.onChange?.(true);
  }

  /** A health probe was answered: the next call is a trial, whatever the pause has grown to. */
  retrySoon(): void {
    if (this.#trialAt !== 0) this.#trialAt = this.#options.monotonic();
  }

  #close(): void {
    this.#trialAt = 0;
    this.#failed = 0;
    this.#succeeded = 0;
    this.#options.onChange?.(false);
  }

  #jittered(): number {
    return this.#pauseMs * (0.75 + this.#options.random() / 2);
  }
}
