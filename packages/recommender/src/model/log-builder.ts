import { CART, type InteractionLog, PURCHASE, VIEW } from "./interaction-log.ts";

/** One shopper's action as the trainer reads it from an export. `at` in Unix milliseconds. */
export interface ShopEvent {
  readonly shopper: string;
  readonly type: string;
  readonly at: number;
  readonly itemIds: readonly string[];
}

export const SESSION_IDLE_SECONDS = 30 * 60;

/** What an event says about interest in its items; undefined for events that say nothing (lists shown, checkout steps, pages). */
export function interactionKind(type: string): number | undefined {
  switch (type) {
    case "view_item":
    case "select_item":
      return VIEW;
    case "add_to_cart":
    case "add_to_wishlist":
      return CART;
    case "purchase":
      return PURCHASE;
    default:
      return undefined;
  }
}

/** Gives each distinct id the next free index. Several maps, since one JavaScript Map holds 16.7 million entries at most. */
class Interner {
  readonly ids: string[] = [];
  readonly #maps: Map<string, number>[] = [new Map()];

  index(id: string): number {
    for (const map of this.#maps) {
      const known = map.get(id);
      if (known !== undefined) return known;
    }
    let last = this.#maps[this.#maps.length - 1]!;
    if (last.size >= 16_000_000) {
      last = new Map();
      this.#maps.push(last);
    }
    last.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }
}

/** Sessions that are known as such, oldest first: lines of a session file. */
export class SessionLogBuilder {
  readonly #items = new Interner();
  readonly #positions = new Column(Int32Array);
  readonly #times = new Column(Float64Array);
  readonly #offsets: number[] = [0];
  #timed = true;

  /** `times` in Unix seconds, one for each id; leave it out for all sessions or for none. */
  addSession(ids: readonly string[], times?: readonly number[]): void {
    if (ids.length === 0) return;
    if (times === undefined) this.#timed = false;
    for (let i = 0; i < ids.length; i++) {
      this.#positions.push(this.#items.index(ids[i]!));
      if (times !== undefined) this.#times.push(times[i]!);
    }
    this.#offsets.push(this.#positions.length);
  }

  build(): InteractionLog {
    const items = this.#positions.trimmed();
    return {
      itemIds: this.#items.ids,
      sessionOffsets: Uint32Array.from(this.#offsets),
      items,
      kinds: new Uint8Array(items.length),
      times: this.#timed ? this.#times.trimmed() : undefined,
      previous: undefined,
      basketOffsets: new Uint32Array(1),
      basketItems: new Int32Array(0),
      basketTimes: undefined,
    };
  }
}

/**
 * Events of many shoppers in any order. Sessions are a shopper's actions with pauses under 30 minutes; the same item twice in
 * a row is one step, of the stronger kind (a view and then a cart of one product is no walk from product to product);
 * what is purchased within one session is one basket. Events with a time that is not a finite number are left out and counted.
 */
export class EventLogBuilder {
  readonly #items = new Interner();
  readonly #shoppers = new Interner();
  readonly #links = new Map<number, number>();
  readonly #who = new Column(Int32Array);
  readonly #what = new Column(Int32Array);
  readonly #when = new Column(Float64Array);
  readonly #kind = new Column(Uint8Array);
  /** Events without a usable time or without items; kinds that say nothing are not counted here. */
  malformed = 0;

  /** Gives a catalogue item an index although nobody has seen it yet. */
  addItem(id: string): void {
    this.#items.index(id);
  }

  add(event: ShopEvent): void {
    const kind = interactionKind(event.type);
    if (kind === undefined) return;
    if (!Number.isFinite(event.at) || event.itemIds.length === 0) {
      this.malformed++;
      return;
    }
    const who = this.#shoppers.index(event.shopper);
    for (const id of event.itemIds) {
      this.#who.push(who);
      this.#what.push(this.#items.index(id));
      this.#when.push(event.at / 1000);
      this.#kind.push(kind);
    }
  }

  /** Says that two shoppers are one person: what `other` did, before this call or after it, counts as done by `shopper`. */
  link(other: string, shopper: string): void {
    this.#links.set(this.#shoppers.index(other), this.#shoppers.index(shopper));
  }

  build(): InteractionLog {
    this.#joinLinked();
    const order = this.#byShopperAndTime();
    const sessions = this.#split(order);
    return this.#compose(order, sessions);
  }

  /** One step: a user id is never linked on to another. */
  #joinLinked(): void {
    if (this.#links.size === 0) return;
    const who = this.#who.trimmed();
    for (let i = 0; i < who.length; i++) who[i] = this.#links.get(who[i]!) ?? who[i]!;
  }

  #byShopperAndTime(): Uint32Array {
    const who = this.#who.trimmed();
    const when = this.#when.trimmed();
    const starts = new Uint32Array(this.#shoppers.ids.length + 1);
    for (const shopper of who) starts[shopper + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const order = new Uint32Array(who.length);
    const next = starts.slice();
    for (let i = 0; i < who.length; i++) order[next[who[i]!]!++] = i;
    for (let shopper = 0; shopper + 1 < starts.length; shopper++) {
      const mine = order.subarray(starts[shopper], starts[shopper + 1]);
      for (let i = 1; i < mine.length; i++) {
        if (when[mine[i]!]! < when[mine[i - 1]!]!) {
          mine.sort((a, b) => when[a]! - when[b]! || a - b);
          break;
        }
      }
    }
    return order;
  }

  /** Start of each session within `order`, with the end of the last one. */
  #split(order: Uint32Array): Uint32Array {
    const who = this.#who.trimmed();
    const when = this.#when.trimmed();
    const starts = new Column(Uint32Array);
    for (let i = 0; i < order.length; i++) {
      const here = order[i]!;
      const before = i > 0 ? order[i - 1]! : -1;
      if (before < 0 || who[before] !== who[here] || when[here]! - when[before]! > SESSION_IDLE_SECONDS) starts.push(i);
    }
    starts.push(order.length);
    return starts.trimmed();
  }

  #compose(order: Uint32Array, starts: Uint32Array): InteractionLog {
    const what = this.#what.trimmed();
    const when = this.#when.trimmed();
    const kind = this.#kind.trimmed();
    const count = starts.length - 1;
    const byEnd = new Uint32Array(count);
    const ends = new Float64Array(count);
    for (let s = 0; s < count; s++) {
      byEnd[s] = s;
      ends[s] = when[order[starts[s + 1]! - 1]!]!;
    }
    byEnd.sort((a, b) => ends[a]! - ends[b]! || a - b);
    const previous = previousSessions(byEnd, (s) => this.#who.at(order[starts[s]!]!), this.#shoppers.ids.length);

    const items = new Column(Int32Array);
    const kinds = new Column(Uint8Array);
    const times = new Column(Float64Array);
    const offsets = new Uint32Array(count + 1);
    const basketItems = new Column(Int32Array);
    const basketOffsets = new Column(Uint32Array);
    const basketTimes = new Column(Float64Array);
    basketOffsets.push(0);
    const basket = new Set<number>();
    for (let n = 0; n < count; n++) {
      const s = byEnd[n]!;
      let last = -1;
      basket.clear();
      for (let i = starts[s]!; i < starts[s + 1]!; i++) {
        const event = order[i]!;
        const item = what[event]!;
        if (kind[event] === PURCHASE) basket.add(item);
        if (item === last) {
          if (kind[event]! > kinds.last) kinds.last = kind[event]!;
          continue;
        }
        items.push(item);
        kinds.push(kind[event]!);
        times.push(when[event]!);
        last = item;
      }
      offsets[n + 1] = items.length;
      if (basket.size > 0) {
        for (const item of basket) basketItems.push(item);
        basketOffsets.push(basketItems.length);
        basketTimes.push(ends[s]!);
      }
    }
    return {
      itemIds: this.#items.ids,
      sessionOffsets: offsets,
      items: items.trimmed(),
      kinds: kinds.trimmed(),
      times: times.trimmed(),
      previous,
      basketOffsets: basketOffsets.trimmed(),
      basketItems: basketItems.trimmed(),
      basketTimes: basketTimes.trimmed(),
    };
  }
}

/** For each place in `byEnd` the place of the same shopper's session before, or -1. */
function previousSessions(byEnd: Uint32Array, shopperOf: (session: number) => number, shoppers: number): Int32Array {
  const latest = new Int32Array(shoppers).fill(-1);
  return Int32Array.from(byEnd, (session, place) => {
    const shopper = shopperOf(session);
    const before = latest[shopper]!;
    latest[shopper] = place;
    return before;
  });
}

type ColumnArray = Int32Array | Uint32Array | Uint8Array | Float64Array;

/** A typed array that grows by doubling. */
class Column<A extends ColumnArray> {
  #array: A;
  readonly #make: new (
    length: number,
  ) => A;
  length = 0;

  constructor(make: new (length: number) => A) {
    this.#make = make;
    this.#array = new make(1024);
  }

  push(value: number): void {
    if (this.length === this.#array.length) {
      const grown = new this.#make(this.length * 2);
      grown.set(this.#array);
      this.#array = grown;
    }
    this.#array[this.length++] = value;
  }

  at(place: number): number {
    return this.#array[place]!;
  }

  get last(): number {
    return this.#array[this.length - 1] ?? -1;
  }

  set last(value: number) {
    this.#array[this.length - 1] = value;
  }

  /** A view on what was pushed so far. */
  trimmed(): A {
    return this.#array.subarray(0, this.length) as A;
  }
}
