import type { Baskets } from "./baskets.ts";
import { CART, type InteractionLog, PURCHASE, sessionCount } from "./interaction-log.ts";
import { decoded } from "./minifloat.ts";
import { BLEND, SIGNAL_COUNT } from "./signals.ts";
import type { ItemTables } from "./tables.ts";
import { TopK } from "./top-k.ts";

/** A shopper's visits in columns, oldest first; the first `count` positions are used. */
export interface PastVisits {
  readonly items: ArrayLike<number>;
  /** VIEW, CART or PURCHASE. */
  readonly kinds: ArrayLike<number>;
  /** Which visit a position belongs to: whole numbers that do not fall. */
  readonly visits: ArrayLike<number>;
  readonly count: number;
}

/** Newest positions of a shopper's past that are looked at, and newest visits. */
export const PAST_MAX = 600;
export const PAST_VISITS_MAX = 20;

/** Candidates: of the shopper's own items, of what goes with them by baskets and by sessions, of what sells now. */
const ownMax = 120;
const basketMax = 80;
const sessionMax = 60;
const popularMax = 100;
export const NEXT_CANDIDATES_MAX = ownMax + basketMax + sessionMax + popularMax;
/** Newest own items whose neighbours are candidates. */
const seedsMax = 24;
/** What is left of a visit for each visit after it. */
const visitDecay = 0.8;
const FLOOR = 1e-3;

/**
 * What the ranker sees of a candidate:
 * - the shopper's own past with it: whether there is one; log visits that bought it, as a share of all, decayed; decayed
 *   visits that met it at all; how many visits ago; whether the last one bought it, or met and left it; whether it was only
 *   ever put into a cart; visits since the last purchase over the usual number between two
 * - the item: log visits, log recent visits, when last seen, how often shoppers come back to it in a later visit
 * - what goes with the shopper's newest items: log sums over baskets, and of each signal of the tables
 * - the shopper, the same for all candidates: log visits, log distinct items, share of purchases that were repeats
 */
export const NEXT_FEATURES = 10 + 4 + 1 + SIGNAL_COUNT + 3;

/** How often, of the visits to an item by a shopper with a past, the item was in that past; damped. One number an item. */
export function returnRates(log: InteractionLog): Float32Array {
  const items = log.itemIds.length;
  const [visits, returns] = [new Float32Array(items), new Float32Array(items)];
  const { previous, sessionOffsets } = log;
  if (previous === undefined) return returns;
  const metAt = new Int32Array(items).fill(-1);
  for (let s = 0; s < sessionCount(log); s++) {
    if (previous[s]! < 0) continue;
    let before = previous[s]!;
    for (let back = 0; back < 5 && before >= 0; back++, before = previous[before]!) {
      for (let p = sessionOffsets[before]!; p < sessionOffsets[before + 1]!; p++) metAt[log.items[p]!] = s;
    }
    for (let p = sessionOffsets[s]!; p < sessionOffsets[s + 1]!; p++) {
      visits[log.items[p]!]! += 1;
      if (metAt[log.items[p]!] === s) returns[log.items[p]!]! += 1;
    }
  }
  return returns.map((count, item) => Math.log((count + 0.2) / (visits[item]! + 1)));
}

/** What one shopper did with one item. */
interface Own {
  bought: number;
  boughtDecayed: number;
  metDecayed: number;
  lastMet: number;
  lastBought: number;
  firstBought: number;
  strongest: number;
  place: number;
}

/** Candidates and features for a shopper whose last visit is over. Made once for a model; one shopper at a time. */
export class NextVisit {
  readonly #tables: ItemTables;
  readonly #baskets: Baskets;
  readonly #returnRate: Float32Array;
  readonly #logVisits: Float32Array;
  readonly #logRecent: Float32Array;
  readonly #basketSums: Float32Array;
  readonly #sessionSums: Float32Array;
  readonly #signalSums: Float32Array;
  readonly #loudest: Float32Array;
  readonly #sourceOf: Int32Array;
  readonly #touched: Int32Array;
  #touchedCount = 0;
  readonly #own = new Map<number, Own>();
  readonly #listed = new Set<number>();
  readonly #best = new TopK(Math.max(ownMax, basketMax, sessionMax));
  #visits = 0;
  #repeatShare = 0;

  /** Candidates after `gather`. */
  readonly items = new Int32Array(NEXT_CANDIDATES_MAX);
  count = 0;

  constructor(tables: ItemTables, baskets: Baskets, returnRate: Float32Array) {
    this.#tables = tables;
    this.#baskets = baskets;
    this.#returnRate = returnRate;
    this.#logVisits = tables.visits.map((visits) => Math.log1p(visits));
    this.#logRecent = tables.recentVisits.map((visits) => Math.log(visits + 0.05));
    this.#basketSums = new Float32Array(tables.itemCount);
    this.#sessionSums = new Float32Array(tables.itemCount);
    this.#signalSums = new Float32Array(tables.itemCount * SIGNAL_COUNT);
    this.#loudest = new Float32Array(tables.itemCount);
    this.#sourceOf = new Int32Array(tables.itemCount);
    this.#touched = new Int32Array(tables.itemCount);
  }

  owns(item: number): boolean {
    return this.#own.has(item);
  }

  /** The own item that spoke loudest for another, -1 when none did. */
  sourceOf(item: number): number {
    return this.#basketSums[item] === 0 && this.#sessionSums[item] === 0 ? -1 : this.#sourceOf[item]!;
  }

  /** `popular`: most popular first, all or those that are known to be accepted. */
  gather(past: PastVisits, popular: Int32Array, accept: (item: number) => boolean): void {
    for (let t = 0; t < this.#touchedCount; t++) {
      this.#basketSums[this.#touched[t]!] = 0;
      this.#sessionSums[this.#touched[t]!] = 0;
      this.#signalSums.fill(0, this.#touched[t]! * SIGNAL_COUNT, (this.#touched[t]! + 1) * SIGNAL_COUNT);
    }
    this.#touchedCount = 0;
    this.#listed.clear();
    this.count = 0;
    this.#takeOwn(past);
    this.#spread();
    this.#best.clear();
    for (const [item, own] of this.#own) {
      if (accept(item)) this.#best.offer(item, own.boughtDecayed + own.metDecayed);
    }
    this.#keep(ownMax);
    this.#keepOthers(basketMax, this.#basketSums, accept);
    this.#keepOthers(sessionMax, this.#sessionSums, accept);
    for (let i = 0, kept = 0; i < popular.length && kept < popularMax; i++) {
      const item = popular[i]!;
      if (!accept(item)) continue;
      kept++;
      this.#list(item);
    }
  }

  /** Writes the NEXT_FEATURES features of candidate `c` to `out` at `at`. */
  write(c: number, out: Float32Array, at: number): void {
    const item = this.items[c]!;
    const own = this.#own.get(item);
    const newest = this.#visits - 1;
    let f = at;
    out[f++] = own === undefined ? 0 : 1;
    out[f++] = Math.log1p(own?.bought ?? 0);
    out[f++] = (own?.bought ?? 0) / this.#visits;
    out[f++] = own?.boughtDecayed ?? 0;
    out[f++] = own?.metDecayed ?? 0;
    out[f++] = own === undefined ? 0 : 1 / (1 + newest - own.lastMet);
    out[f++] = own?.lastBought === newest ? 1 : 0;
    out[f++] = own !== undefined && own.lastMet === newest && own.lastBought !== newest ? 1 : 0;
    out[f++] = own?.strongest === CART ? 1 : 0;
    out[f++] =
      own === undefined || own.bought < 2
        ? 0
        : Math.log(((this.#visits - own.lastBought) * (own.bought - 1)) / (own.lastBought - own.firstBought));
    out[f++] = this.#logVisits[item]!;
    out[f++] = this.#logRecent[item]!;
    out[f++] = this.#tables.lastSeen[item]!;
    out[f++] = this.#returnRate[item]!;
    out[f++] = Math.log(this.#basketSums[item]! + FLOOR);
    for (let k = 0; k < SIGNAL_COUNT; k++) out[f++] = Math.log(this.#signalSums[item * SIGNAL_COUNT + k]! + FLOOR);
    out[f++] = Math.log(this.#visits);
    out[f++] = Math.log(this.#own.size);
    out[f++] = this.#repeatShare;
  }

  #takeOwn({ items, kinds, visits, count }: PastVisits): void {
    this.#own.clear();
    const newest = visits[count - 1]!;
    const first = Math.max(visits[Math.max(0, count - PAST_MAX)]!, newest - PAST_VISITS_MAX + 1);
    this.#visits = newest - first + 1;
    let purchases = 0;
    let repeats = 0;
    for (let p = Math.max(0, count - PAST_MAX); p < count; p++) {
      if (visits[p]! < first) continue;
      const visit = visits[p]! - first;
      const weight = visitDecay ** (this.#visits - 1 - visit);
      let own = this.#own.get(items[p]!);
      if (own === undefined) {
        own = {
          bought: 0,
          boughtDecayed: 0,
          metDecayed: 0,
          lastMet: -1,
          lastBought: -1,
          firstBought: -1,
          strongest: 0,
          place: 0,
        };
        this.#own.set(items[p]!, own);
      }
      own.place = p;
      own.strongest = Math.max(own.strongest, kinds[p]!);
      if (own.lastMet !== visit) own.metDecayed += weight;
      own.lastMet = visit;
      if (kinds[p] !== PURCHASE || own.lastBought === visit) continue;
      purchases++;
      if (own.bought > 0) repeats++;
      else own.firstBought = visit;
      own.bought++;
      own.boughtDecayed += weight;
      own.lastBought = visit;
    }
    this.#repeatShare = repeats / (purchases + 1);
  }

  /** Adds up what goes with the shopper's newest items. */
  #spread(): void {
    const seeds = [...this.#own].sort(([, a], [, b]) => b.place - a.place).slice(0, seedsMax);
    const { rowOffsets, neighbours, values } = this.#tables;
    const sums = this.#signalSums;
    for (const [item, own] of seeds) {
      const weight = own.metDecayed / seeds.length;
      for (let e = this.#baskets.rowOffsets[item]!; e < this.#baskets.rowOffsets[item + 1]!; e++) {
        this.#add(this.#basketSums, this.#baskets.neighbours[e]!, weight * this.#baskets.values[e]!, item);
      }
      for (let e = rowOffsets[item]!; e < rowOffsets[item + 1]!; e++) {
        const to = neighbours[e]!;
        let blend = 0;
        for (let k = 0; k < SIGNAL_COUNT; k++) {
          const value = weight * decoded[values[e * SIGNAL_COUNT + k]!]!;
          sums[to * SIGNAL_COUNT + k]! += value;
          blend += BLEND[k]! * value;
        }
        this.#add(this.#sessionSums, to, blend, item);
      }
    }
  }

  #add(sums: Float32Array, item: number, value: number, source: number): void {
    if (this.#basketSums[item] === 0 && this.#sessionSums[item] === 0) {
      this.#touched[this.#touchedCount++] = item;
      this.#loudest[item] = 0;
    }
    sums[item]! += value;
    if (value > this.#loudest[item]!) {
      this.#loudest[item] = value;
      this.#sourceOf[item] = source;
    }
  }

  #keepOthers(most: number, sums: Float32Array, accept: (item: number) => boolean): void {
    this.#best.clear();
    for (let t = 0; t < this.#touchedCount; t++) {
      const item = this.#touched[t]!;
      if (sums[item]! > 0 && !this.#own.has(item) && accept(item)) this.#best.offer(item, sums[item]!);
    }
    this.#keep(most);
  }

  #keep(most: number): void {
    const found = Math.min(most, this.#best.sort());
    for (let r = 0; r < found; r++) this.#list(this.#best.keys[r]!);
  }

  #list(item: number): void {
    if (this.#listed.has(item)) return;
    this.#listed.add(item);
    this.items[this.count++] = item;
  }
}
