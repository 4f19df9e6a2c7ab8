import type { Acceptance, ListOptions } from "./ranking.ts";

/** Decides for one request which items may still enter its list. Stamps instead of sets: closing an item is one store. */
export class Gate {
  readonly #closedAt: Uint32Array;
  #stamp = 0;
  #accept: Uint8Array | undefined;
  #also: Acceptance | undefined;

  constructor(itemCount: number) {
    this.#closedAt = new Uint32Array(itemCount);
  }

  open({ accept, acceptAlso, exclude }: ListOptions): void {
    if (this.#stamp === 0xffff_ffff) {
      this.#closedAt.fill(0);
      this.#stamp = 0;
    }
    this.#stamp++;
    this.#accept = accept;
    this.#also = acceptAlso;
    if (exclude !== undefined) this.closeAll(exclude, exclude.length);
  }

  close(item: number): void {
    if (item >= 0 && item < this.#closedAt.length) this.#closedAt[item] = this.#stamp;
  }

  closeAll(items: ArrayLike<number>, count: number): void {
    for (let i = 0; i < count; i++) this.close(items[i]!);
  }

  admits(item: number): boolean {
    return (
      this.#closedAt[item] !== this.#stamp &&
      (this.#accept === undefined || this.#accept[item] === 1) &&
      (this.#also === undefined || this.#also.accepts(item))
    );
  }
}
