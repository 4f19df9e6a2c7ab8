/** Which items have expired by now, told whenever that changes: in either direction, since a clock may be set back. */
export class Expiry {
  readonly #at = new Map<string, number>();
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** Expiries on both sides of the last check: nothing turns as long as the clock stays between them. */
  #last = Number.NEGATIVE_INFINITY;
  #next = Number.POSITIVE_INFINITY;

  /** `expiresAt` absent or unreadable: never. */
  set(id: string, expiresAt: string | undefined): void {
    const at = expiresAt === undefined ? Number.NaN : Date.parse(expiresAt);
    if (Number.isNaN(at)) {
      this.#at.delete(id);
      return;
    }
    this.#at.set(id, at);
    this.#bound(at);
  }

  /** Ids that expired since the last call, or no longer have. */
  turned(now: number): string[] {
    if (now >= this.#last && now < this.#next) return [];
    const [from, to] = [Math.min(this.#checkedAt, now), Math.max(this.#checkedAt, now)];
    this.#checkedAt = now;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#next = Number.POSITIVE_INFINITY;
    const ids: string[] = [];
    for (const [id, at] of this.#at) {
      this.#bound(at);
      if (at > from && at <= to) ids.push(id);
    }
    return ids;
  }

  #bound(at: number): void {
    if (at > this.#checkedAt) this.#next = Math.min(this.#next, at);
    else this.#last = Math.max(this.#last, at);
  }
}
