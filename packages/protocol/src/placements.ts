/** A placement: a slot on a page. It fixes strategy and rules; stored by control, delivered to ml in the snapshot. */
import Type, { type Static } from "typebox";
import { ShopId, Timestamp } from "./text.ts";

export const STRATEGIES = [
  "for_you",
  "related_items",
  "bought_together",
  "personalized_ranking",
  "trending",
  "recently_viewed",
] as const;
/** `custom:<name>` strategies are a tenant's own compositions. */
export type Strategy = (typeof STRATEGIES)[number] | `custom:${string}`;
export const StrategyName = Type.String({
  title: "Strategy",
  pattern: `^(${STRATEGIES.join("|")}|custom:[a-z0-9_-]{1,60})$`,
});

export function isStrategy(text: string): text is Strategy {
  return (STRATEGIES as readonly string[]).includes(text) || /^custom:[a-z0-9_-]{1,60}$/.test(text);
}

const Filter = Type.Record(Type.String(), Type.Unknown(), { description: "Over item fields, in MongoDB's words" });

/**
 * What a merchandiser says about a slot, for ever or from and until a time (a campaign): show these items at that
 * position, show matching items earlier or later, or leave them out.
 */
export const PlacementRule = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,59}$" }),
    from: Type.Optional(Timestamp),
    until: Type.Optional(Timestamp),
    pin: Type.Optional(
      Type.Object(
        {
          items: Type.Array(ShopId("ItemId"), { minItems: 1, maxItems: 20 }),
          position: Type.Integer({ minimum: 1, maximum: 100, description: "Of the first of them, from 1" }),
        },
        { additionalProperties: false },
      ),
    ),
    boost: Type.Optional(
      Type.Object(
        {
          filter: Filter,
          factor: Type.Number({
            minimum: 0.05,
            maximum: 20,
            description: "2 moves an item about halfway up the list, 0.5 as far down",
          }),
        },
        { additionalProperties: false },
      ),
    ),
    exclude: Type.Optional(Type.Object({ filter: Filter }, { additionalProperties: false })),
  },
  { title: "PlacementRule", additionalProperties: false },
);
export type PlacementRule = Static<typeof PlacementRule>;

const Repeats = Type.Union([Type.Literal("allow"), Type.Literal("exclude")], {
  description: "Whether items the shopper has looked at already may be shown again",
});
const Diversity = Type.Number({
  minimum: 0,
  maximum: 1,
  description: "0 ranks by score alone; variants collapse above 0",
});
const Rules = Type.Array(PlacementRule, { maxItems: 50, description: "Applied in this order" });

/** One arm of an experiment: what it leaves out is as the placement has it. */
export const ExperimentVariant = Type.Object(
  {
    name: Type.String({ pattern: "^(?!holdout$)[a-z0-9][a-z0-9_-]{0,59}$" }),
    share: Type.Number({ minimum: 0, maximum: 1, description: "Of the shoppers; all shares add up to 1" }),
    strategy: Type.Optional(StrategyName),
    repeats: Type.Optional(Repeats),
    diversity: Type.Optional(Diversity),
    rules: Type.Optional(Rules),
  },
  { title: "ExperimentVariant", additionalProperties: false },
);
export type ExperimentVariant = Static<typeof ExperimentVariant>;

/** Shoppers are told apart by a hash of this id and theirs: another id deals them anew. */
export const Experiment = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,59}$" }),
    variants: Type.Array(ExperimentVariant, { minItems: 1, maxItems: 10 }),
  },
  { title: "Experiment", additionalProperties: false },
);
export type Experiment = Static<typeof Experiment>;

export const Placement = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,59}$" }),
    title: Type.Optional(Type.String({ maxLength: 200, description: "Heading shown above the list" })),
    strategy: StrategyName,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    filter: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    exclude: Type.Optional(Type.Array(Type.String(), { maxItems: 1000 })),
    repeats: Repeats,
    excludePurchased: Type.Optional(Type.Boolean()),
    diversity: Type.Optional(Diversity),
    rules: Type.Optional(Rules),
    experiment: Type.Optional(Experiment),
  },
  { title: "Placement", additionalProperties: false },
);
export type Placement = Static<typeof Placement>;

/** What a new tenant starts with. */
export const DEFAULT_PLACEMENTS: readonly Placement[] = [
  { id: "home", title: "Picked for you", strategy: "for_you", repeats: "allow", diversity: 0.3 },
  { id: "product", title: "You may also like", strategy: "related_items", repeats: "exclude", diversity: 0.2 },
  { id: "cart", title: "Goes well with your basket", strategy: "bought_together", repeats: "exclude", diversity: 0.2 },
];
