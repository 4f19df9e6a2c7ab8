import type { Event } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { interactionKind, PURCHASE, SESSION_IDLE_SECONDS } from "../model/index.ts";
import { textHash } from "../text-hash.ts";
import { ForwardDecay } from "./forward-decay.ts";
import { type LiveItem, newLiveItem, type Pair, Support } from "./live-item.ts";
import { RecentKeys } from "./recent-keys.ts";

export interface LiveDeltaLimits {
  /** Items with counts; the least recently visited goes first. */
  readonly itemsMax: number;
  /** Pairs of items, of both kinds together. */
  readonly pairsMax: number;
  /** Neighbours of one kind of one item; the weakest goes first. */
  readonly neighboursMax: number;
  /** Shoppers whose running visit is known. */
  readonly visitsMax: number;
  /** Event ids that are told apart. */
  readonly eventIdsMax: number;
}

/** At these a delta takes about 40 MB when it is full; a small shop's takes as much as it has events. */
export const liveDeltaDefaults: LiveDeltaLimits = {
  itemsMax: 10_000,
  pairsMax: 60_000,
  neighboursMax: 24,
  visitsMax: 5_000,
  eventIdsMax: 20_000,
};

/** Items of a visit that a further one is paired with, each step back counting less: as the model's `forward` table. */
const windowMax = 6;
const stepDecay = 0.7;
const basketItemsMax = 20;
/** A trend is about the last hours, what goes together about the time since the last training. */
const trendHalfLifeMs = 3_600_000;
const pairHalfLifeMs = 12 * 3_600_000;

/** Of a bound, what is left once it was passed. */
const keptShare = 0.95;

interface Visit {
  items: string[];
  purchased: string[];
  at: number;
}

export interface LiveNeighbour {
  readonly id: string;
  /** Decayed number of times the two came together. */
  readonly weight: number;
  /** Distinct shoppers who did that, 8 for 8 and more. */
  readonly shoppers: number;
}

export interface LiveVisits {
  readonly id: string;
  /** Decayed visits, each shopper's item once a visit. */
  readonly visits: number;
  readonly shoppers: number;
}

/**
 * What happened since the model was trained, counted as it arrives, in bounded memory: visits of items, items of one
 * visit, items of one basket, each decaying. "Now" is the time of the newest event, so that nothing changes while nothing
 * happens.
 */
export class LiveDelta {
  readonly #limits: LiveDeltaLimits;
  /** Least recently visited first. */
  readonly #items = new Map<string, LiveItem>();
  readonly #visits: LRUCache<string, Visit>;
  readonly #eventIds: RecentKeys;
  readonly #trendDecay = new ForwardDecay(trendHalfLifeMs);
  readonly #pairDecay = new ForwardDecay(pairHalfLifeMs);
  #newestAt = 0;
  #pairs = 0;
  #events = 0;

  constructor(limits: LiveDeltaLimits = liveDeltaDefaults) {
    this.#limits = limits;
    this.#visits = new LRUCache({ max: limits.visitsMax });
    this.#eventIds = new RecentKeys(limits.eventIdsMax);
  }

  /** Events that were counted: moves with every change. */
  get events(): number {
    return this.#events;
  }

  get size(): { readonly items: number; readonly pairs: number } {
    return { items: this.#items.size, pairs: this.#pairs };
  }

  clear(): void {
    this.#items.clear();
    this.#visits.clear();
    this.#eventIds.clear();
    this.#trendDecay.clear();
    this.#pairDecay.clear();
    this.#newestAt = 0;
    this.#pairs = 0;
    this.#events = 0;
  }

  /** One shopper's events; times after `receivedAt` (a clock that is ahead) count as that. */
  add(shopper: string, events: readonly Event[], receivedAt: number): void {
    const counted = events
      .map((event) => ({ event, at: Math.min(Date.parse(event.at), receivedAt) }))
      .filter(({ at }) => Number.isFinite(at))
      .sort((a, b) => a.at - b.at);
    for (const { event, at } of counted) {
      const kind = interactionKind(event.type);
      if (kind === undefined || !this.#eventIds.add(event.id)) continue;
      this.#events++;
      this.#newestAt = Math.max(this.#newestAt, at);
      this.#rebase();
      const ids = [...new Set((event.items ?? []).map(({ id }) => id))].slice(0, basketItemsMax);
      this.#count(shopper, ids, at, kind === PURCHASE);
    }
    this.#shrink();
  }

  /** Items that so many shoppers or more visited, in no order, and the visits of all items. Walks up to `itemsMax`. */
  visited(shoppersMin: number): { readonly items: LiveVisits[]; readonly total: number } {
    const now = this.#trendDecay.weight(this.#newestAt);
    const items: LiveVisits[] = [];
    let total = 0;
    for (const { id, visits, support } of this.#items.values()) {
      total += visits;
      if (support.size >= shoppersMin) items.push({ id, visits: visits / now, shoppers: support.size });
    }
    return { items, total: total / now };
  }

  /** Looked at in one visit with `id`, strongest first. */
  viewedWith(id: string): LiveNeighbour[] {
    return this.#neighbours(this.#items.get(id)?.viewedWith);
  }

  /** Bought in one basket, or in one visit, with `id`, strongest first. */
  boughtWith(id: string): LiveNeighbour[] {
    return this.#neighbours(this.#items.get(id)?.boughtWith);
  }

  #neighbours(pairs: ReadonlyMap<LiveItem, Pair> | undefined): LiveNeighbour[] {
    if (pairs === undefined || pairs.size === 0) return [];
    const now = this.#pairDecay.weight(this.#newestAt);
    return [...pairs]
      .map(([{ id }, { weight, support }]) => ({ id, weight: weight / now, shoppers: support.size }))
      .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
  }

  #count(shopper: string, ids: readonly string[], at: number, purchase: boolean): void {
    const who = textHash(shopper);
    const visit = this.#visitOf(shopper, at);
    const weight = this.#pairDecay.weight(at);
    for (const id of ids) {
      const item = this.#touch(id);
      if (purchase) {
        for (const other of visit.purchased) if (other !== id) this.#pair("boughtWith", item, other, weight, who);
        if (!visit.purchased.includes(id)) visit.purchased = [...visit.purchased, id].slice(-basketItemsMax);
      }
      if (visit.items.includes(id)) continue;
      item.visits += this.#trendDecay.weight(at);
      item.support.add(who);
      for (const [back, other] of visit.items.entries())
        this.#pair("viewedWith", item, other, weight * stepDecay ** back, who);
      visit.items = [id, ...visit.items].slice(0, windowMax);
    }
  }

  /** The shopper's running visit; an event much older than the visit (an import) stands alone. */
  #visitOf(shopper: string, at: number): Visit {
    const idleMs = SESSION_IDLE_SECONDS * 1000;
    const known = this.#visits.get(shopper);
    if (known !== undefined && Math.abs(at - known.at) <= idleMs) {
      known.at = Math.max(known.at, at);
      return known;
    }
    const visit: Visit = { items: [], purchased: [], at };
    if (known === undefined || at > known.at) this.#visits.set(shopper, visit);
    return visit;
  }

  #touch(id: string): LiveItem {
    const item = this.#items.get(id) ?? newLiveItem(id);
    this.#items.delete(id);
    this.#items.set(id, item);
    return item;
  }

  #pair(kind: "viewedWith" | "boughtWith", item: LiveItem, otherId: string, weight: number, who: number): void {
    const other = this.#items.get(otherId);
    if (other === undefined) return;
    let pair = item[kind].get(other);
    if (pair === undefined) {
      this.#makeRoom(kind, item);
      this.#makeRoom(kind, other);
      pair = { weight: 0, support: new Support() };
      item[kind].set(other, pair);
      other[kind].set(item, pair);
      this.#pairs++;
    }
    pair.weight += weight;
    pair.support.add(who);
  }

  #makeRoom(kind: "viewedWith" | "boughtWith", item: LiveItem): void {
    if (item[kind].size < this.#limits.neighboursMax) return;
    let weakest: LiveItem | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [other, { weight }] of item[kind]) {
      if (weight >= least) continue;
      weakest = other;
      least = weight;
    }
    if (weakest !== undefined) this.#unpair(kind, item, weakest);
  }

  #unpair(kind: "viewedWith" | "boughtWith", item: LiveItem, other: LiveItem): void {
    item[kind].delete(other);
    other[kind].delete(item);
    this.#pairs--;
  }

  #shrink(): void {
    const { itemsMax, pairsMax } = this.#limits;
    if (this.#items.size <= itemsMax && this.#pairs <= pairsMax) return;
    // Several at once: a Map is walked from its front past everything that was deleted there.
    for (const [id, item] of this.#items) {
      if (this.#items.size <= itemsMax * keptShare && this.#pairs <= pairsMax * keptShare) return;
      for (const kind of ["viewedWith", "boughtWith"] as const)
        for (const other of [...item[kind].keys()]) this.#unpair(kind, item, other);
      this.#items.delete(id);
    }
  }

  #rebase(): void {
    const visits = this.#trendDecay.rebase(this.#newestAt);
    if (visits !== undefined) for (const item of this.#items.values()) item.visits *= visits;
    const pairs = this.#pairDecay.rebase(this.#newestAt);
    if (pairs === undefined) return;
    const seen = new Set<Pair>();
    for (const item of this.#items.values()) {
      for (const pair of [...item.viewedWith.values(), ...item.boughtWith.values()]) {
        if (!seen.has(pair)) pair.weight *= pairs;
        seen.add(pair);
      }
    }
  }
}
