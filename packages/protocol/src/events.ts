/** Shopper events, named as GA4's ecommerce events are, and the batch they travel in. */
import Type, { type Static } from "typebox";
import { LIMITS } from "./limits.ts";
import { Session } from "./sessions.ts";
import { Currency, ShopId, Timestamp, Uuid } from "./text.ts";

export const EVENT_TYPES = [
  "view_item",
  "view_item_list",
  "select_item",
  "search",
  "add_to_wishlist",
  "add_to_cart",
  "remove_from_cart",
  "view_cart",
  "begin_checkout",
  "add_payment_info",
  "add_shipping_info",
  "purchase",
  "refund",
  "page_view",
  "recommendation_impression",
  "recommendation_click",
] as const;

export type EventType = (typeof EVENT_TYPES)[number] | `custom:${string}`;

export const Shopper = Type.Object(
  { anonymousId: Type.Optional(ShopId("AnonymousId")), userId: Type.Optional(ShopId("UserId")) },
  { title: "Shopper", additionalProperties: false },
);
export type Shopper = Static<typeof Shopper>;

export const EventItem = Type.Object(
  {
    id: ShopId("ItemId"),
    quantity: Type.Optional(Type.Number({ minimum: 0, maximum: 1e6 })),
    price: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1e12, description: "Price of one, in the event's currency" }),
    ),
  },
  { title: "EventItem", additionalProperties: false },
);
export type EventItem = Static<typeof EventItem>;

const Short = Type.String({ maxLength: 500 });

const eventFields = {
  id: Uuid,
  type: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: `^(${EVENT_TYPES.join("|")}|custom:[A-Za-z0-9_.-]{1,80})$`,
  }),
  at: Timestamp,
  visitId: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  items: Type.Optional(Type.Array(EventItem, { maxItems: LIMITS.eventItemsMax })),
  value: Type.Optional(Type.Number({ minimum: -1e12, maximum: 1e12 })),
  currency: Type.Optional(Currency),
  transactionId: Type.Optional(ShopId("TransactionId")),
  query: Type.Optional(Short),
  placement: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  recommendationId: Type.Optional(Uuid),
  position: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  page: Type.Optional(
    Type.Object(
      {
        url: Type.Optional(Type.String({ maxLength: 2048 })),
        referrer: Type.Optional(Type.String({ maxLength: 2048 })),
        title: Type.Optional(Short),
      },
      { additionalProperties: false },
    ),
  ),
  context: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "Anything else the shop sends; at most 4 KB as JSON." }),
  ),
};

/** An event as it travels. The shopper may be left out where the gateway proves one (browser requests). */
export const Event = Type.Object(
  { ...eventFields, shopper: Type.Optional(Shopper) },
  { title: "Event", additionalProperties: false },
);
type EventFields = Static<typeof Event>;
/** `type` is one of EVENT_TYPES or `custom:<name>`; `at` RFC 3339; ids at most 500 bytes. */
export type Event = Omit<EventFields, "type"> & { type: EventType };
export const EVENT_FIELD_NAMES: readonly string[] = Object.keys(Event.properties);

export const EventBatch = Type.Object(
  {
    batchId: Type.Optional(Uuid),
    events: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: LIMITS.eventsPerBatchMax,
      description: "Events; each is judged alone.",
    }),
  },
  { title: "EventBatch", additionalProperties: false },
);
/** What a client sends: `batchId` a uuid v7 made when the batch was frozen. */
export interface EventBatch {
  batchId?: string;
  events: Event[];
}

export const RejectedEvent = Type.Object(
  {
    index: Type.Integer(),
    id: Type.Optional(Type.String()),
    code: Type.String(),
    pointer: Type.Optional(Type.String()),
  },
  { title: "RejectedEvent" },
);
export type RejectedEvent = Static<typeof RejectedEvent>;

export const EventsAnswer = Type.Object(
  {
    accepted: Type.Integer({ description: "Events of this batch that are durable for the first time" }),
    duplicates: Type.Integer({ description: "Events of this batch that were durable already" }),
    rejected: Type.Array(RejectedEvent),
    batchId: Uuid,
    serverTime: Timestamp,
    session: Type.Optional(Session),
  },
  { title: "EventsAnswer" },
);
export type EventsAnswer = Static<typeof EventsAnswer>;
