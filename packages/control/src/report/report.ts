import type { TenantTable } from "@endcap/storage";
import Type, { type Static } from "typebox";
import { type ActivityRange, activities } from "./activity.ts";
import { attribute, type ListOutcome } from "./attribution.ts";
import { HoldoutComparison, HoldoutMeter } from "./holdout.ts";
import { Estimate, RatioOfSums, rate } from "./intervals.ts";

const Measures = Type.Object({
  served: Type.Integer({ description: "Lists with items that were answered" }),
  seen: Type.Integer({ description: "Of those, in view or clicked" }),
  clicked: Type.Integer(),
  carted: Type.Integer(),
  shoppers: Type.Integer(),
  revenue: Type.Number(),
  ctr: Type.Union([Estimate, Type.Null()], { description: "Of the lists seen, those with a click" }),
  addToCartRate: Type.Union([Estimate, Type.Null()]),
  revenuePerRecommendation: Type.Union([Estimate, Type.Null()], { description: "Per list seen" }),
});
export type Measures = Static<typeof Measures>;

const Row = Type.Object({
  placement: Type.Union([Type.String(), Type.Null()]),
  model: Type.Union([Type.String(), Type.Null()]),
  variant: Type.Union([Type.String(), Type.Null()]),
  answeredBy: Type.Enum(["recommender", "fallback"]),
  ...Measures.properties,
});

export const Report = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    currency: Type.Union([Type.String(), Type.Null()]),
    rows: Type.Array(Row),
    total: Measures,
    holdout: HoldoutComparison,
    foreignPurchases: Type.Integer({ description: "Purchases in another currency, left out" }),
    truncatedShoppers: Type.Integer({
      description: "Shoppers who did more than is looked at; their oldest events are missing",
    }),
  },
  { title: "Report" },
);
export type Report = Static<typeof Report>;

/** Combinations of placement, model and variant that are told apart; the rest counts in the total only. */
const ROWS_MAX = 1_000;

/** What a tenant's recommendations led to, from its served log and its events. Memory: one shopper at a time. */
export async function buildReport(table: TenantTable, range: ActivityRange, wanted?: string): Promise<Report> {
  const currency = wanted ?? (await catalogueCurrency(table));
  const groups = new Map<string, { readonly row: RowKey; readonly meter: Meter }>();
  const total = new Meter();
  const holdout = new HoldoutMeter();
  let foreignPurchases = 0;
  let truncatedShoppers = 0;

  for await (const activity of activities(table, range)) {
    const { lists, sales, foreignPurchases: foreign } = attribute(activity, currency);
    holdout.add(activity.served, sales);
    foreignPurchases += foreign;
    if (activity.truncated) truncatedShoppers++;
    total.add(lists);
    for (const [key, mine] of Map.groupBy(lists, ({ record }) => JSON.stringify(rowKeyOf({ record })))) {
      let group = groups.get(key);
      if (group === undefined) {
        if (groups.size === ROWS_MAX) continue;
        group = { row: rowKeyOf(mine[0] as ListOutcome), meter: new Meter() };
        groups.set(key, group);
      }
      group.meter.add(mine);
    }
  }
  return {
    from: new Date(range.from).toISOString(),
    to: new Date(range.to).toISOString(),
    currency: currency ?? null,
    rows: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { row, meter }]) => ({ ...row, ...meter.result() })),
    total: total.result(),
    holdout: holdout.result(currency ?? ""),
    foreignPurchases,
    truncatedShoppers,
  };
}

type RowKey = Pick<Static<typeof Row>, "placement" | "model" | "variant" | "answeredBy">;

function rowKeyOf({ record }: Pick<ListOutcome, "record">): RowKey {
  const { placement = null, modelVersion, variant = null, answeredBy } = record;
  return { placement, model: modelVersion, variant, answeredBy };
}

/** A shop sells in one currency as a rule; its first item says which. */
async function catalogueCurrency(table: TenantTable): Promise<string | undefined> {
  for await (const { currency } of table.catalogue.scan()) return currency;
  return undefined;
}

class Meter {
  #served = 0;
  #seen = 0;
  #clicked = 0;
  #carted = 0;
  #shoppers = 0;
  readonly #revenue = new RatioOfSums();

  /** One shopper's lists. */
  add(lists: readonly ListOutcome[]): void {
    if (lists.length === 0) return;
    const count = (holds: (list: ListOutcome) => boolean) => lists.filter(holds).length;
    // A cart or a sale that names the list proves that it was in view, too.
    const seen = count((list) => list.seen || list.carted || list.revenue > 0);
    this.#served += lists.length;
    this.#seen += seen;
    this.#clicked += count(({ clicked }) => clicked);
    this.#carted += count(({ carted }) => carted);
    this.#shoppers++;
    const revenue = lists.reduce((sum, list) => sum + list.revenue, 0);
    if (seen > 0) this.#revenue.add(revenue, seen);
  }

  result(): Measures {
    return {
      served: this.#served,
      seen: this.#seen,
      clicked: this.#clicked,
      carted: this.#carted,
      shoppers: this.#shoppers,
      revenue: this.#revenue.sum,
      ctr: rate(this.#clicked, this.#seen),
      addToCartRate: rate(this.#carted, this.#seen),
      revenuePerRecommendation: this.#revenue.estimate(),
    };
  }
}
