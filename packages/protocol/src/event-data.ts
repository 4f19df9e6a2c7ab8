/**
 * What callers hand to `track(type, data)` in both SDKs, and the event it becomes. Types and one pure function, small
 * enough to travel to every page; nothing is validated here, the collector judges.
 */
import type { Event, EventItem, EventType, Shopper } from "./events.ts";

/**
 * What a page's JSON-LD shows of one item: `items[0]` with its price, `currency`, and schema.org's word for its
 * availability as `context.availability`. From a page it is no event of a shopper: it is counted and not kept.
 */
export const ITEM_OBSERVED = "custom:item_observed";

/** An item's id, or the item with its quantity and price. */
export type ItemRef = string | EventItem;

/** A moment: a Date, Unix milliseconds, or RFC 3339 text. */
export type Moment = Date | number | string;

/** Fields that any event may carry. */
export interface EventBase {
  /** uuid v7; made by the SDK when left out. Give the shop's own to send the same fact again without counting it twice. */
  readonly id?: string | undefined;
  /** Now when left out. */
  readonly at?: Moment | undefined;
  readonly items?: readonly ItemRef[] | undefined;
  readonly value?: number | undefined;
  /** ISO 4217, upper case. */
  readonly currency?: string | undefined;
  readonly transactionId?: string | undefined;
  readonly query?: string | undefined;
  readonly placement?: string | undefined;
  /** The list that led here: recommendations learn and report by it. */
  readonly recommendationId?: string | undefined;
  /** Counts from 1. */
  readonly position?: number | undefined;
  readonly visitId?: string | undefined;
  readonly page?: Event["page"] | undefined;
  /** Anything else; at most 4 KB as JSON. */
  readonly context?: Record<string, unknown> | undefined;
}

interface WithItems extends EventBase {
  readonly items: readonly ItemRef[];
}
interface Search extends EventBase {
  readonly query: string;
}
interface Purchase extends WithItems {
  readonly transactionId: string;
}
interface Refund extends EventBase {
  /** Without items, the whole transaction is refunded. */
  readonly transactionId: string;
}
interface FromRecommendation extends WithItems {
  readonly recommendationId: string;
}

interface EventDataByType {
  view_item: WithItems;
  view_item_list: WithItems;
  select_item: WithItems;
  search: Search;
  add_to_wishlist: WithItems;
  add_to_cart: WithItems;
  remove_from_cart: WithItems;
  view_cart: EventBase;
  begin_checkout: EventBase;
  add_payment_info: EventBase;
  add_shipping_info: EventBase;
  purchase: Purchase;
  refund: Refund;
  page_view: EventBase;
  recommendation_impression: FromRecommendation;
  recommendation_click: FromRecommendation;
}

/** What `track(type, …)` needs beside the type. */
export type EventData<T extends EventType> = T extends keyof EventDataByType ? EventDataByType[T] : EventBase;

/** Whether `track(type)` makes sense without data. */
export type NeedsData<T extends EventType> = EventBase extends EventData<T> ? false : true;

/** The event as it travels. `data` is copied, so that later changes by the caller do not reach it. */
export function toEvent(type: EventType, data: EventBase, id: string, nowMs: number, shopper?: Shopper): Event {
  const { id: ownId, at, items, ...rest } = data;
  return {
    id: ownId ?? id,
    type,
    at: typeof at === "string" ? at : new Date(at ?? nowMs).toISOString(),
    ...(shopper && { shopper }),
    ...(items && { items: items.map((item) => (typeof item === "string" ? { id: item } : item)) }),
    ...(rest as Pick<Event, never>),
  };
}
