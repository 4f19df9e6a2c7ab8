import type { Event } from "@endcap/protocol";
import { interactionKind, PURCHASE, SESSION_IDLE_SECONDS } from "../model/index.ts";

/** What one shopper did lately, as ranking needs it. */
export interface History {
  /** Item ids in the order in which they were looked at, newest last; the same item twice in a row is once. */
  readonly session: readonly string[];
  /** For each entry of it the strongest thing done then, as an `interactionKind`, and the visit it belongs to, counted from 0. */
  readonly kinds: readonly number[];
  readonly visits: readonly number[];
  /** The part of it since the last pause of 30 minutes, however long ago: what the shopper was after last. */
  readonly visit: readonly string[];
  /** The part before, when there is one, and how long before the last event it ended. */
  readonly older: { readonly items: readonly string[]; readonly ageMs: number } | undefined;
  /** Distinct item ids, newest first. */
  readonly seen: ReadonlySet<string>;
  readonly purchased: ReadonlySet<string>;
  /** In how many visits each item was purchased, most recently purchased last. */
  readonly purchases: ReadonlyMap<string, number>;
  /** Whether the last visit ended with a purchase: what comes next is a new one. */
  readonly ended: boolean;
  /** Unix milliseconds of the last event that counts, -Infinity when there is none. */
  readonly lastAt: number;
  /** The strongest thing the shopper did with an item, as an `interactionKind`. */
  readonly strongest: ReadonlyMap<string, number>;
}

/**
 * The stored events and those the page knows before the collector does, each event id once, in the order of their times.
 * Neither list has to be sorted.
 */
export function historyOf(stored: readonly Event[], recent: readonly Event[]): History {
  const byId = new Map<string, Event>();
  for (const event of stored) byId.set(event.id, event);
  for (const event of recent) if (!byId.has(event.id)) byId.set(event.id, event);
  const events = [...byId.values()]
    .map((event) => ({ event, at: Date.parse(event.at) }))
    .sort((a, b) => a.at - b.at || (a.event.id < b.event.id ? -1 : 1));

  const session: string[] = [];
  const kinds: number[] = [];
  const visits: number[] = [];
  let visit = 0;
  const strongest = new Map<string, number>();
  const purchases = new Map<string, number>();
  const purchasedNow = new Set<string>();
  let ended = false;
  const newestLast = new Map<string, true>();
  let visitFrom = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let olderAt = Number.NEGATIVE_INFINITY;
  for (const { event, at } of events) {
    const kind = interactionKind(event.type);
    if (kind === undefined || event.items === undefined || event.items.length === 0) continue;
    if (at - lastAt > SESSION_IDLE_SECONDS * 1000) {
      if (session.length > 0) visit++;
      visitFrom = session.length;
      olderAt = lastAt;
      purchasedNow.clear();
    }
    lastAt = at;
    ended = kind === PURCHASE;
    for (const { id } of event.items) {
      if (session.at(-1) !== id || session.length === visitFrom) {
        session.push(id);
        kinds.push(kind);
        visits.push(visit);
      } else kinds[kinds.length - 1] = Math.max(kind, kinds.at(-1) ?? kind);
      strongest.set(id, Math.max(kind, strongest.get(id) ?? kind));
      if (kind === PURCHASE && !purchasedNow.has(id)) {
        const times = purchases.get(id) ?? 0;
        purchases.delete(id);
        purchases.set(id, times + 1);
        purchasedNow.add(id);
      }
      newestLast.delete(id);
      newestLast.set(id, true);
    }
  }
  return {
    session,
    kinds,
    visits,
    visit: session.slice(visitFrom),
    older: visitFrom === 0 ? undefined : { items: session.slice(0, visitFrom), ageMs: lastAt - olderAt },
    seen: new Set([...newestLast.keys()].reverse()),
    purchased: new Set(purchases.keys()),
    purchases,
    ended,
    lastAt,
    strongest,
  };
}
