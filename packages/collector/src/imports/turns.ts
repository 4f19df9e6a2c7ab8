import { EndcapError } from "@endcap/protocol";

/**
 * A few at a time, the rest in order of arrival, and no more than a few waiting: each waiting part holds its body.
 */
export class Turns {
  readonly #atOnceMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnceMax: number, waitingMax: number) {
    this.#atOnceMax = atOnceMax;
    this.#waitingMax = waitingMax;
  }

  /** @throws EndcapError `overloaded` when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnceMax) {
      this.#running += 1;
    } else {
      if (this.#waiting.length >= this.#waitingMax) throw new EndcapError("overloaded");
      // The one that ends hands its turn over, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
