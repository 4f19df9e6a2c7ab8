import { buildBaskets } from "./baskets.ts";
import { fitNextVisit } from "./fit-next-visit.ts";
import { fitReranker } from "./fit-reranker.ts";
import { holdOut } from "./held-out.ts";
import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import { PackedIds, packIds } from "./item-ids.ts";
import { Model } from "./model.ts";
import { returnRates } from "./next-visit.ts";
import { byRecentVisits, byTrend } from "./orders.ts";
import { buildTables } from "./tables.ts";
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
  const heldOut = holdOut(log, options.seed);
  const reranker = fitReranker(log, heldOut, options.seed);
  const nextVisit = fitNextVisit(log, heldOut, options.seed);
  const { tables, graph } = buildTables(log);
  const model = new Model({
    ids: new PackedIds(packIds(log.itemIds)),
    tables,
    vectors: diffuse(graph, tables.itemCount, options.seed),
    baskets: buildBaskets(log),
    reranker,
    nextVisit: nextVisit && { parameters: nextVisit, returnRate: returnRates(log) },
    popularOrder: byRecentVisits(tables),
    trendingOrder: byTrend(tables),
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
