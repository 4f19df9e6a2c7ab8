/** Asking for recommendations, and the answer. */
import Type, { type Static } from "typebox";
import { Event, Shopper } from "./events.ts";
import { Item } from "./items.ts";
import { LIMITS } from "./limits.ts";
import { MoneyFormat } from "./money.ts";
import { Placement, StrategyName } from "./placements.ts";
import { Session } from "./sessions.ts";
import { ShopId, Timestamp, Uuid } from "./text.ts";

const ItemIds = Type.Array(ShopId("ItemId"), { maxItems: LIMITS.recommendationIdsMax });

const requestFields = {
  shopper: Type.Optional(Shopper),
  items: Type.Optional(ItemIds),
  context: Type.Optional(
    Type.Object(
      {
        recent: Type.Optional(
          Type.Array(Event, {
            maxItems: LIMITS.recommendationRecentMax,
            description: "What the page knows and the collector may not yet",
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LIMITS.recommendationLimitMax, default: LIMITS.recommendationLimitDefault }),
  ),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: LIMITS.recommendationOffsetMax, default: 0 })),
  filter: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "Over item fields, in MongoDB's words" }),
  ),
  exclude: Type.Optional(ItemIds),
  include: Type.Optional(
    Type.Array(
      Type.Union([Type.Literal("item"), Type.Literal("reason"), Type.Literal("score"), Type.Literal("rules")]),
      { maxItems: 4, description: "rules: what each rule of the placement did; for servers only" },
    ),
  ),
};

/** POST /v1/recommendations: a placement, or a strategy, for a shopper. Items are hydrated unless `include` leaves `item` out. */
export const RecommendationRequest = Type.Object(
  {
    placement: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    strategy: Type.Optional(StrategyName),
    locale: Type.Optional(
      Type.String({
        maxLength: 35,
        description: "BCP 47, as en-IE: the answer says how it writes its items' currencies",
      }),
    ),
    ...requestFields,
  },
  { title: "RecommendationRequest", additionalProperties: false },
);
export type RecommendationRequest = Static<typeof RecommendationRequest>;

/** POST /v1/recommenders/{strategy}: the same without placement rules; raw ids and scores. */
export const StrategyRequest = Type.Object(requestFields, { title: "StrategyRequest", additionalProperties: false });
export type StrategyRequest = Static<typeof StrategyRequest>;

/** Why an item is there. `because` names the item that spoke for it, when one did. */
export const Reason = Type.Object(
  {
    text: Type.String({ description: "A sentence for people, e.g. Because you viewed Oak Table" }),
    kind: Type.Union([
      Type.Literal("viewed"),
      Type.Literal("carted"),
      Type.Literal("purchased"),
      Type.Literal("in_view"),
      Type.Literal("similar"),
      Type.Literal("trending"),
      Type.Literal("popular"),
      Type.Literal("recent"),
      Type.Literal("new"),
      Type.Literal("picked"),
    ]),
    because: Type.Optional(Type.Object({ itemId: Type.String(), title: Type.Optional(Type.String()) })),
    table: Type.Optional(Type.String({ description: "The count table that scored highest" })),
  },
  { title: "Reason" },
);
export type Reason = Static<typeof Reason>;

export const RecommendedItem = Type.Object(
  { id: Type.String(), reason: Type.Optional(Reason), score: Type.Optional(Type.Number()), item: Type.Optional(Item) },
  { title: "RecommendedItem" },
);
export type RecommendedItem = Static<typeof RecommendedItem>;

/** What one rule of the placement did for one request. */
export const RuleEffect = Type.Object(
  {
    rule: Type.String(),
    did: Type.Union(
      [
        Type.Literal("pinned"),
        Type.Literal("boosted"),
        Type.Literal("excluded"),
        Type.Literal("nothing"),
        Type.Literal("inactive"),
      ],
      { description: "nothing: no item of the list was concerned; inactive: its time is not now" },
    ),
    items: Type.Array(Type.String(), { description: "Ids concerned, at most 100" }),
  },
  { title: "RuleEffect" },
);
export type RuleEffect = Static<typeof RuleEffect>;

export const ModelInfo = Type.Object({ version: Type.String(), trainedAt: Timestamp }, { title: "ModelInfo" });
export type ModelInfo = Static<typeof ModelInfo>;

export const RecommendationAnswer = Type.Object(
  {
    recommendationId: Uuid,
    items: Type.Array(RecommendedItem, { description: "In order; positions count from 1" }),
    placement: Type.Optional(Type.String()),
    title: Type.Optional(Type.String()),
    strategy: Type.String(),
    variant: Type.Optional(Type.String()),
    model: Type.Union([ModelInfo, Type.Null()]),
    fallback: Type.Optional(Type.Union([Type.Literal("popular"), Type.Literal("empty")])),
    rules: Type.Optional(Type.Array(RuleEffect)),
    money: Type.Optional(
      Type.Record(Type.String(), MoneyFormat, {
        description: "By currency of the items; only where a locale was asked for",
      }),
    ),
    serverTime: Timestamp,
    session: Type.Optional(Session),
  },
  { title: "RecommendationAnswer" },
);
export type RecommendationAnswer = Static<typeof RecommendationAnswer>;

/** A look at what a placement would answer when its rules are as of that time. Such a list is not logged as served. */
export const Preview = Type.Object({ at: Timestamp }, { title: "Preview", additionalProperties: false });
export type Preview = Static<typeof Preview>;

/** What ml asks of a tenant's recommender: the request with the proven shopper, and the placement it resolved. */
export const RankRequest = Type.Object(
  {
    request: RecommendationRequest,
    strategy: StrategyName,
    placement: Type.Optional(Placement),
    variant: Type.Optional(Type.String()),
    preview: Type.Optional(Preview),
  },
  { title: "RankRequest", additionalProperties: false },
);
export type RankRequest = Static<typeof RankRequest>;

/** One list that was really answered: the unit of the served log. */
export const ServedRecord = Type.Object(
  {
    recommendationId: Uuid,
    at: Timestamp,
    shopper: Shopper,
    items: Type.Array(Type.String()),
    strategy: Type.String(),
    placement: Type.Optional(Type.String()),
    variant: Type.Optional(Type.String()),
    modelVersion: Type.Union([Type.String(), Type.Null()]),
    answeredBy: Type.Union([Type.Literal("recommender"), Type.Literal("fallback")]),
  },
  { title: "ServedRecord", additionalProperties: false },
);
export type ServedRecord = Static<typeof ServedRecord>;

/** The object `fallback.json`: popular items, hydrated, for times when the recommender cannot answer. */
export const FallbackList = Type.Object(
  {
    format: Type.Literal(1),
    publishedAt: Timestamp,
    model: Type.Union([ModelInfo, Type.Null()]),
    items: Type.Array(Item, { maxItems: LIMITS.fallbackItemsMax }),
  },
  { title: "FallbackList" },
);
export type FallbackList = Static<typeof FallbackList>;
