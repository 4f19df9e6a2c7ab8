/** Room that a recommender always has: one answer that is late by chance must not cost the next page its lists. */
const roomMin = 8;
/** Of the room, what is left after a late answer. */
const afterLate = 0.8;

/**
 * How many calls to one recommender may be under way. An answer that comes too late was work for nothing, its own and that
 * of all who waited behind it, on a machine that has none to spare: so the room shrinks when an answer is late, and grows
 * by one for as many answers in time as it has places (additive increase, multiplicative decrease; D. Chiu and R. Jain,
 * 1989). A call past it is answered by the fallback at once.
 */
export class Room {
  readonly #max: number;
  #size: number;
  #taken = 0;
  /** Calls so far, and how many there had been when the room last shrank: those left before it say nothing about it. */
  #calls = 0;
  #shrunkAt = 0;

  constructor(max: number) {
    this.#max = max;
    this.#size = max;
  }

  /** The call's number; 0: there is no room for it. Each that has one leaves in exactly one of the three ways below. */
  enter(): number {
    if (this.#taken >= Math.max(roomMin, Math.floor(this.#size))) return 0;
    this.#taken += 1;
    this.#calls += 1;
    return this.#calls;
  }

  /** The call says nothing about how quick the recommender is. */
  leave(): void {
    this.#taken -= 1;
  }

  leaveInTime(): void {
    this.leave();
    this.#size = Math.min(this.#max, this.#size + 1 / this.#size);
  }

  /** @returns whether that is news: those that were under way together are late together, and that counts once */
  leaveLate(call: number): boolean {
    this.leave();
    if (call <= this.#shrunkAt) return false;
    // From what was really under way: a room that nobody fills may be of any size.
    this.#size = Math.max(roomMin, Math.min(this.#size, this.#taken + 1) * afterLate);
    this.#shrunkAt = this.#calls;
    return true;
  }
}
