import { type Event, type EventItem, HOLDOUT, type ServedRecord } from "@endcap/protocol";
import type { Activity } from "./activity.ts";

/** A click on a recommended item earns what happens to that item for so long. */
const ATTRIBUTION_MS = 24 * 60 * 60 * 1000;

/** What one served list led to. */
export interface ListOutcome {
  readonly record: ServedRecord;
  /** The page said that it was in view, or somebody clicked in it. */
  seen: boolean;
  clicked: boolean;
  carted: boolean;
  revenue: number;
}

/** What one person spent in one currency. Each transaction once, whoever reported it again. */
export interface Sale {
  readonly at: number;
  readonly revenue: number;
}

export interface Attributed {
  readonly lists: readonly ListOutcome[];
  readonly sales: readonly Sale[];
  /** Purchases in another currency, which are left out. */
  readonly foreignPurchases: number;
}

interface Touch {
  readonly list: ListOutcome;
  readonly at: number;
}

/**
 * Gives each cart and each line of a purchase to at most one list: the one that the event names, when the item was on it;
 * else the one in which the item was clicked last (or put into the cart from), at most 24 hours before.
 */
export function attribute({ served, events }: Activity, currency: string | undefined): Attributed {
  const lists = new Map<string, ListOutcome>();
  for (const record of served) {
    // Who was held out saw nothing, or the shop's own order: either way no list of ours.
    if (record.items.length === 0 || record.variant === HOLDOUT) continue;
    lists.set(record.recommendationId, { record, seen: false, clicked: false, carted: false, revenue: 0 });
  }
  const touches = new Map<string, Touch>();
  const transactions = new Set<string>();
  const sales: Sale[] = [];
  let foreignPurchases = 0;

  function creditOf(event: Event, itemId: string, at: number): ListOutcome | undefined {
    const named = lists.get(event.recommendationId ?? "");
    if (named?.record.items.includes(itemId)) return named;
    const touch = touches.get(itemId);
    return touch && at - touch.at <= ATTRIBUTION_MS ? touch.list : undefined;
  }

  for (const event of events) {
    const at = Date.parse(event.at);
    const items = event.items ?? [];
    switch (event.type) {
      case "recommendation_impression":
      case "recommendation_click": {
        const list = lists.get(event.recommendationId ?? "");
        if (list === undefined) break;
        list.seen = true;
        if (event.type === "recommendation_impression") break;
        list.clicked = true;
        for (const { id } of items) touches.set(id, { list, at });
        break;
      }
      case "add_to_cart":
        for (const { id } of items) {
          const list = creditOf(event, id, at);
          if (list === undefined) continue;
          list.carted = true;
          if (list.record.recommendationId === event.recommendationId) touches.set(id, { list, at });
        }
        break;
      case "purchase": {
        if (event.transactionId !== undefined) {
          if (transactions.has(event.transactionId)) break;
          transactions.add(event.transactionId);
        }
        if (event.currency !== undefined && currency !== undefined && event.currency !== currency) {
          foreignPurchases++;
          break;
        }
        const total = items.reduce((sum, line) => sum + amountOf(line, event), 0);
        sales.push({ at, revenue: total > 0 ? total : (event.value ?? 0) });
        for (const line of items) {
          const list = creditOf(event, line.id, at);
          if (list !== undefined) list.revenue += amountOf(line, event);
        }
        break;
      }
    }
  }
  return { lists: [...lists.values()], sales, foreignPurchases };
}

/** A line without a price is worth the event's value when it is the only one. */
function amountOf({ price, quantity = 1 }: EventItem, event: Event): number {
  if (price !== undefined) return price * quantity;
  return event.items?.length === 1 ? (event.value ?? 0) : 0;
}
