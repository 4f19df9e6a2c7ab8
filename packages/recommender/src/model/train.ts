import { buildBaskets } from "./baskets.ts";
import { fitReranker } from "./fit-reranker.ts";
import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import { PackedIds, packIds } from "./item-ids.ts";
import { Model } from "./model.ts";
import { buildTables, type ItemTables } from "./tables.ts";
import { diffuse } from "./vectors.ts";

export interface TrainOptions {
  readonly seed: number;
  /** Unix milliseconds, written into the model. */
  readonly trainedAt: number;
}

export interface TrainReport {
  readonly sessions: number;
  readonly interactions: number;
  readonly items: number;
  readonly pairs: number;
  /** Whether a reranker was fitted; false when the log is too short for one. */
  readonly reranked: boolean;
}

/** Builds a model from a shop's whole log. Deterministic: the same log and options give the same bytes. */
export function trainModel(log: InteractionLog, options: TrainOptions): { model: Model; report: TrainReport } {
  const reranker = fitReranker(log, options.seed);
  const { tables, graph } = buildTables(log);
  const model = new Model({
    ids: new PackedIds(packIds(log.itemIds)),
    tables,
    vectors: diffuse(graph, tables.itemCount, options.seed),
    baskets: buildBaskets(log),
    reranker,
    popularOrder: orderBy(tables.recentVisits),
    trendingOrder: trending(tables),
    meta: {
      trainedAt: options.trainedAt,
      sessions: sessionCount(log),
      interactions: log.items.length,
      baskets: log.basketOffsets.length - 1,
      seed: options.seed,
    },
  });
  const report = {
    sessions: sessionCount(log),
    interactions: log.items.length,
    items: log.itemIds.length,
    pairs: tables.neighbours.length,
    reranked: reranker !== undefined,
  };
  return { model, report };
}

function orderBy(scores: Float32Array): Int32Array {
  const order = Int32Array.from(scores, (_, item) => item);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** Share of now over share of always, damped so that three views are no trend. */
function trending({ visits, recentVisits }: ItemTables): Int32Array {
  let all = 0;
  let recent = 0;
  for (let i = 0; i < visits.length; i++) {
    all += visits[i]!;
    recent += recentVisits[i]!;
  }
  const rate = recent / Math.max(1, all);
  const lift = visits.map((v, i) => {
    const expected = v * rate;
    return (recentVisits[i]! - expected) / Math.sqrt(expected + 3);
  });
  return orderBy(lift);
}
