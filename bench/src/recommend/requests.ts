import type { Placement, RankRequest } from "@endcap/protocol";
import { seededRandom } from "../stack/small-shop.ts";

/** What ml asks for the placements of a shop: rules that boost, exclude and pin hold on the two busiest. */
export interface Asking {
  readonly shoppers: readonly string[];
  /** Items that are looked at, the busiest first. */
  readonly popular: readonly string[];
}

const home = ({ popular }: Asking): Placement => ({
  id: "home",
  strategy: "for_you",
  repeats: "allow",
  limit: 12,
  rules: [
    { id: "own-brand", boost: { filter: { brand: { $in: ["brand 1", "brand 2", "brand 3"] } }, factor: 1.5 } },
    { id: "no-bulk", exclude: { filter: { price: { $gt: 390 } } } },
    { id: "campaign", pin: { items: popular.slice(3, 4), position: 4 }, until: "2100-01-01T00:00:00.000Z" },
  ],
});
const product: Placement = { id: "product", strategy: "related_items", limit: 12, repeats: "exclude", diversity: 0.2 };
const cart: Placement = { id: "cart", strategy: "bought_together", limit: 6, repeats: "allow" };

/** An endless mix: 60% for_you with rules, 25% related_items, 5% each for_you with a filter, bought_together, trending. */
export function* requestsOf(asking: Asking, seed = 5): Generator<RankRequest & { shopper: string }> {
  const random = seededRandom(seed);
  const front = home(asking);
  const zipf = <T>(list: readonly T[]): T => list[Math.floor(list.length ** random()) - 1] as T;
  for (;;) {
    const shopper = zipf(asking.shoppers);
    const who = { userId: shopper };
    const items = [zipf(asking.popular)];
    const dice = random();
    if (dice < 0.6) yield { shopper, strategy: "for_you", placement: front, request: { shopper: who } };
    else if (dice < 0.85)
      yield { shopper, strategy: "related_items", placement: product, request: { shopper: who, items } };
    else if (dice < 0.9) {
      const filter = { categories: `department ${Math.floor(random() * 30)}`, price: { $lt: 100 } };
      yield { shopper, strategy: "for_you", placement: front, request: { shopper: who, filter } };
    } else if (dice < 0.95)
      yield { shopper, strategy: "bought_together", placement: cart, request: { shopper: who, items } };
    else yield { shopper, strategy: "trending", request: { shopper: who, limit: 12 } };
  }
}
