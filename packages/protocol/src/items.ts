/** The catalogue's item, and the answers to writing and reading it. */
import Type, { type Static } from "typebox";
import { LIMITS } from "./limits.ts";
import { Currency, DecimalString, ShopId, Timestamp, Url } from "./text.ts";

export const Availability = Type.Union(
  [Type.Literal("in_stock"), Type.Literal("out_of_stock"), Type.Literal("preorder")],
  { title: "Availability" },
);
export type Availability = Static<typeof Availability>;

export const AttributeValue = Type.Union([
  Type.String({ maxLength: 2048 }),
  Type.Number(),
  Type.Boolean(),
  Type.Array(Type.String({ maxLength: 500 }), { maxItems: 100 }),
]);

export const Item = Type.Object(
  {
    id: ShopId("ItemId"),
    title: Type.String({ minLength: 1, maxLength: 1000 }),
    url: Url,
    imageUrl: Type.Optional(Url),
    price: DecimalString,
    listPrice: Type.Optional(DecimalString),
    currency: Currency,
    availability: Availability,
    categories: Type.Array(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 10 }), {
      maxItems: 20,
      description: 'Paths from the root, e.g. [["Garden", "Tools"]]',
    }),
    brand: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    groupId: Type.Optional(ShopId("GroupId")),
    hidden: Type.Optional(Type.Boolean()),
    expiresAt: Type.Optional(Timestamp),
    attributes: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 100 }), AttributeValue, { maxProperties: 100 }),
    ),
    updatedAt: Timestamp,
  },
  { title: "Item", additionalProperties: false },
);
export type Item = Static<typeof Item>;

export const PutItemsRequest = Type.Object(
  {
    items: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: LIMITS.itemsPerRequestMax,
      description: "Items; each is judged alone.",
    }),
  },
  { title: "PutItemsRequest", additionalProperties: false },
);
export type PutItemsRequest = Static<typeof PutItemsRequest>;

/** `stale`: a newer `updatedAt` is stored already; nothing was written. */
export const PutItemsAnswer = Type.Object(
  {
    stored: Type.Integer(),
    stale: Type.Integer(),
    rejected: Type.Array(
      Type.Object({
        index: Type.Integer(),
        id: Type.Optional(Type.String()),
        code: Type.String(),
        pointer: Type.Optional(Type.String()),
      }),
    ),
    serverTime: Timestamp,
  },
  { title: "PutItemsAnswer" },
);
export type PutItemsAnswer = Static<typeof PutItemsAnswer>;
