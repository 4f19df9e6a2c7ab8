import { HOLDOUT, type ServedRecord } from "@endcap/protocol";
import Type, { type Static } from "typebox";
import type { Sale } from "./attribution.ts";
import { difference, Estimate, RatioOfSums } from "./intervals.ts";

const Arm = Type.Object({
  shoppers: Type.Integer(),
  revenue: Type.Number(),
  revenuePerShopper: Type.Union([Estimate, Type.Null()]),
});

export const HoldoutComparison = Type.Object(
  {
    treated: Arm,
    heldOut: Arm,
    difference: Type.Union([Estimate, Type.Null()], { description: "Revenue per shopper, treated less held out" }),
    incrementalRevenue: Type.Union([Estimate, Type.Null()], {
      description: "The difference times the treated shoppers",
    }),
    conclusion: Type.Enum(["more", "less", "not_distinguishable", "too_few", "no_holdout"]),
    sentence: Type.String(),
  },
  { title: "HoldoutComparison" },
);
export type HoldoutComparison = Static<typeof HoldoutComparison>;

/** Below this many shoppers an arm's mean is too far from normal for the interval to mean anything. */
const SHOPPERS_MIN = 30;

/**
 * Everything that people spent after the first list they asked for, whether or not it was recommended, by whether they
 * were held out then. Both arms enter by asking, so they are alike in everything else.
 */
export class HoldoutMeter {
  readonly #treated = new RatioOfSums();
  readonly #heldOut = new RatioOfSums();

  /** `served` oldest first. */
  add(served: readonly ServedRecord[], sales: readonly Sale[]): void {
    const [first] = served;
    if (first === undefined) return;
    const since = Date.parse(first.at);
    const revenue = sales.reduce((sum, sale) => (sale.at >= since ? sum + sale.revenue : sum), 0);
    (first.variant === HOLDOUT ? this.#heldOut : this.#treated).add(revenue, 1);
  }

  result(currency: string): HoldoutComparison {
    const treated = armOf(this.#treated);
    const heldOut = armOf(this.#heldOut);
    const enough = Math.min(treated.shoppers, heldOut.shoppers) >= SHOPPERS_MIN;
    const between = enough ? difference(this.#treated, this.#heldOut) : null;
    const incrementalRevenue = between && {
      value: between.value * treated.shoppers,
      low: between.low * treated.shoppers,
      high: between.high * treated.shoppers,
    };
    const conclusion = concludes(heldOut.shoppers, between);
    const sentence = sentenceOf(conclusion, between, treated.shoppers, heldOut.shoppers, currency);
    return { treated, heldOut, difference: between, incrementalRevenue, conclusion, sentence };
  }
}

function armOf(sums: RatioOfSums): Static<typeof Arm> {
  return { shoppers: sums.clusters, revenue: sums.sum, revenuePerShopper: sums.estimate() };
}

function concludes(heldOut: number, between: Estimate | null): HoldoutComparison["conclusion"] {
  if (heldOut === 0) return "no_holdout";
  if (between === null) return "too_few";
  if (between.low > 0) return "more";
  return between.high < 0 ? "less" : "not_distinguishable";
}

function sentenceOf(
  conclusion: HoldoutComparison["conclusion"],
  between: Estimate | null,
  treated: number,
  heldOut: number,
  currency: string,
): string {
  const money = (value: number) => `${value.toFixed(2)} ${currency}`.trim();
  const interval = between && `95% interval ${money(between.low)} to ${money(between.high)}`;
  switch (conclusion) {
    case "no_holdout":
      return "Nobody was held out, so what recommendations bring cannot be told: set the tenant's holdoutShare.";
    case "too_few":
      return `Too few shoppers to compare: ${treated} were shown recommendations and ${heldOut} were held out; at least ${SHOPPERS_MIN} of each are needed.`;
    case "not_distinguishable":
      return `Revenue per shopper with and without recommendations is not distinguishable: the difference is ${money(between?.value ?? 0)}, ${interval}.`;
    case "more":
      return `Recommendations bring ${money(between?.value ?? 0)} more per shopper, ${interval}.`;
    case "less":
      return `Shoppers with recommendations spend ${money(-(between?.value ?? 0))} less than those without: the difference is ${money(between?.value ?? 0)}, ${interval}.`;
  }
}
