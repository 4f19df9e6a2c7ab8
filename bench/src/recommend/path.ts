import { setImmediate as nextTurn } from "node:timers/promises";
import type { RankRequest } from "@endcap/protocol";
import { Catalogue, historyOf, LiveDelta, Ranker, rulesOf } from "@endcap/recommender/serving";
import { quantile, round3 } from "../stats.ts";
import { requestsOf } from "./requests.ts";
import type { BenchShop } from "./shop.ts";

/** As the service is configured by default. */
export const historyEvents = 200;
const exploreEvery = 8;

export interface PathFigures {
  readonly pathUsP50: number;
  readonly pathUsP90: number;
  readonly pathUsP99: number;
  readonly byStrategy: Readonly<
    Record<string, { readonly usP50: number; readonly usP90: number; readonly usP99: number }>
  >;
}

/**
 * What a request costs between its history and its list: candidates, rerank, older visits, the last minutes, similarity,
 * exploration, rules. In this process, over the same catalogue and the same histories as the service's.
 */
export async function measurePath(shop: BenchShop, requests: number): Promise<PathFigures> {
  const ranker = await rankerOf(shop);
  const samples = new Map<string, number[]>();
  const all: number[] = [];
  let at = -Math.ceil(requests / 10);
  for (const { shopper, ...request } of requestsOf(shop)) {
    const stored = await shop.table.events.latest({ userId: shopper }, historyEvents);
    const history = historyOf(stored, []);
    // As between requests: what is made bit by bit goes on.
    await nextTurn();
    const start = performance.now();
    ranker.rank(shop.model, rulesOf(request as RankRequest, Date.now()), history, { shopper, now: Date.now() });
    const us = (performance.now() - start) * 1_000;
    if (++at > 0) {
      all.push(us);
      const name = request.request.filter === undefined ? request.strategy : `${request.strategy}_filtered`;
      samples.set(name, [...(samples.get(name) ?? []), us]);
    }
    if (at === requests) break;
  }
  return {
    pathUsP50: round3(quantile(all, 0.5)),
    pathUsP90: round3(quantile(all, 0.9)),
    pathUsP99: round3(quantile(all, 0.99)),
    byStrategy: Object.fromEntries(
      [...samples].map(([name, us]) => [
        name,
        { usP50: round3(quantile(us, 0.5)), usP90: round3(quantile(us, 0.9)), usP99: round3(quantile(us, 0.99)) },
      ]),
    ),
  };
}

/** The shop's catalogue, as a recommender holds it. */
export async function rankerOf(shop: BenchShop): Promise<Ranker> {
  const catalogue = new Catalogue(shop.table.catalogue, Date.now);
  const ranker = new Ranker(catalogue, new LiveDelta(), exploreEvery);
  await catalogue.refresh();
  return ranker;
}
