import { EndcapError, LIMITS, type RankRequest, type Strategy } from "@endcap/protocol";
import { bothFilters, type CompiledFilter, filterOf } from "./filters.ts";
import { Merchandising } from "./merchandising.ts";

/** A request and its placement, resolved to what ranking needs. */
export interface RankRules {
  readonly strategy: Strategy;
  readonly limit: number;
  readonly offset: number;
  readonly items: readonly string[];
  readonly exclude: ReadonlySet<string>;
  readonly filter: CompiledFilter | undefined;
  /** Whether items the shopper looked at may be shown again. */
  readonly repeats: boolean;
  readonly excludePurchased: boolean;
  /** Whether variants of one product collapse to the best of them. */
  readonly collapseVariants: boolean;
  readonly merchandising: Merchandising;
}

const needsItems: ReadonlySet<string> = new Set(["related_items", "bought_together", "personalized_ranking"]);

/** Throws `items_required`, `strategy_unknown`, `filter_invalid` and `filter_unknown_field`. */
export function rulesOf({ request, strategy, placement }: RankRequest, now: number): RankRules {
  if (strategy.startsWith("custom:")) throw new EndcapError("strategy_unknown");
  const items = request.items ?? [];
  if (needsItems.has(strategy) && items.length === 0) throw new EndcapError("items_required");
  const mine = request.filter === undefined ? undefined : filterOf(request.filter);
  const theirs = placement?.filter === undefined ? undefined : filterOf(placement.filter);
  const merchandising = new Merchandising(placement?.rules ?? [], now);
  return {
    strategy: strategy as Strategy,
    limit:
      request.limit ??
      placement?.limit ??
      (strategy === "personalized_ranking"
        ? Math.min(items.length, LIMITS.recommendationLimitMax)
        : LIMITS.recommendationLimitDefault),
    offset: request.offset ?? 0,
    items,
    exclude: new Set([...(request.exclude ?? []), ...(placement?.exclude ?? [])]),
    filter: bothFilters(bothFilters(mine, theirs), merchandising.keeps),
    repeats: placement?.repeats !== "exclude",
    excludePurchased: placement?.excludePurchased ?? false,
    collapseVariants: (placement?.diversity ?? 0) > 0,
    merchandising,
  };
}
