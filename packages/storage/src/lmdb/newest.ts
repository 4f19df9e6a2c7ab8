import type { Event } from "@endcap/protocol";

interface Kept {
  readonly at: number;
  readonly event: Event;
}

/** The newest `n` of the events offered, each id once. Newer is by time, then by id, so that the order never varies. */
export class Newest {
  readonly #n: number;
  readonly #kept: Kept[] = [];
  readonly #ids = new Map<string, Kept>();

  constructor(n: number) {
    this.#n = n;
  }

  /** Events before this time need not be offered; `-Infinity` while there is room. */
  get threshold(): number {
    return this.#kept.length < this.#n ? Number.NEGATIVE_INFINITY : (this.#kept.at(-1)?.at ?? Number.POSITIVE_INFINITY);
  }

  offer(event: Event): void {
    const at = Date.parse(event.at);
    if (at < this.threshold) return;
    const twin = this.#ids.get(event.id);
    if (twin) {
      if (twin.at >= at) return;
      this.#kept.splice(this.#kept.indexOf(twin), 1);
    }
    const kept = { at, event };
    // Events are offered nearly newest first, so the place is near the end.
    let place = this.#kept.length;
    while (place > 0 && isNewer(kept, this.#kept[place - 1] as Kept)) place--;
    this.#kept.splice(place, 0, kept);
    this.#ids.set(event.id, kept);
    if (this.#kept.length > this.#n) this.#ids.delete(this.#kept.pop()?.event.id as string);
  }

  list(): Event[] {
    return this.#kept.map(({ event }) => event);
  }
}

const isNewer = (a: Kept, b: Kept): boolean => a.at > b.at || (a.at === b.at && a.event.id > b.event.id);
