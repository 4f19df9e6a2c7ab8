const perCall = 0.1;
const savedMax = 64;

/**
 * At most one retry for ten calls, and after a quiet time as many as a pool has connections, which all end when an upstream
 * is restarted: an upstream in trouble must not get its load
 * doubled by those who mean well.
 */
export class RetryBudget {
  #saved = savedMax;

  called(): void {
    if (this.#saved < savedMax) this.#saved += perCall;
  }

  /** Whether a retry may be made; counts it. */
  take(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
