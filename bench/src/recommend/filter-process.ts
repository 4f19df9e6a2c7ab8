/**
 * Filters over a large catalogue, in a process of their own as they are in the service: the heap of whatever else a bench
 * holds is not collected while they are timed.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { historyOf, rulesOf } from "@endcap/recommender/serving";
import type { Cleanup } from "../bench.ts";
import { quantile, round3 } from "../stats.ts";
import { shelves } from "./catalogue.ts";
import { historyEvents, rankerOf } from "./path.ts";
import { type BenchShop, makeShop } from "./shop.ts";

export interface FilterFigures {
  readonly filterMsP50: number;
  readonly filterMsP99: number;
  readonly filteredItems: number;
  /** Every list had all it could have. */
  readonly full: boolean;
}

/** Requests until the fields that the filters name have columns. */
const warmUp = 200;

/** Few sessions over many items. */
function wideSessions(items: number): string[][] {
  return Array.from({ length: items / 2 }, (_, n) => [`${2 * n}`, `${2 * n + 1}`, `${(7 * n) % items}`]);
}

/** A filter that was never seen before and keeps a thousandth of the catalogue, over and over. */
async function measureFilter(shop: BenchShop, requests: number): Promise<FilterFigures> {
  const ranker = await rankerOf(shop);
  const mayShow = shop.items.filter((item) => item.availability !== "out_of_stock");
  const ms: number[] = [];
  let full = true;
  for (let n = -warmUp; n < requests; n++) {
    const shelf = (n + warmUp) % shelves;
    // The second part holds for all and makes each filter a new one.
    const filter = { "attributes.shelf": shelf, price: { $gte: 0.001 * (n + warmUp + 1) } };
    const shopper = shop.shoppers[(n + warmUp) % shop.shoppers.length] as string;
    const history = historyOf(await shop.table.events.latest({ userId: shopper }, historyEvents), []);
    await nextTurn();
    const start = performance.now();
    const rules = rulesOf({ strategy: "for_you", request: { limit: 12, filter } }, Date.now());
    const list = ranker.rank(shop.model, rules, history, { shopper, now: Date.now() });
    if (n >= 0) ms.push(performance.now() - start);
    const matching = new Set(mayShow.filter(({ attributes }) => attributes?.shelf === shelf).map(({ id }) => id));
    full &&= list.length === Math.min(12, matching.size) && list.every(({ id }) => matching.has(id));
  }
  return {
    filterMsP50: round3(quantile(ms, 0.5)),
    filterMsP99: round3(quantile(ms, 0.99)),
    filteredItems: shop.items.length,
    full,
  };
}

const [items, requests] = process.argv.slice(2).map(Number) as [number, number];
const works: Cleanup[] = [];
try {
  const shop = await makeShop({ sessions: wideSessions(items), shoppers: 200, cleanup: (work) => works.push(work) });
  process.send?.(await measureFilter(shop, requests));
} finally {
  for (const work of works.reverse()) await work();
}
