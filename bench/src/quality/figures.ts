import {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type Ranker,
  type TestRow,
} from "@endcap/recommender/evaluation";
import type { InteractionLog } from "@endcap/recommender/model";
import type { Figures } from "../bench.ts";

/** Every `n`th row, so that at most `limit` remain: what takes milliseconds a row need not see all of them. */
export function thinned(rows: readonly TestRow[], limit: number): readonly TestRow[] {
  const step = Math.ceil(rows.length / limit);
  return step <= 1 ? rows : rows.filter((_, index) => index % step === 0);
}

export const figuresOf = (evaluation: Evaluation): Figures => {
  const { all, novel, coverage, popularityBias, distinctness, latencyUs } = evaluation;
  return {
    rows: all.rows,
    hr: all.hr,
    mrr: all.mrr,
    ndcg: all.ndcg,
    recall: all.recall,
    novelRows: novel.rows,
    novelHr: novel.hr,
    novelMrr: novel.mrr,
    novelNdcg: novel.ndcg,
    novelRecall: novel.recall,
    coverage,
    popularityBias,
    distinctness,
    latencyUs,
  };
};

/** The figures of several rankers over the same rows, by their names. */
export function sideBySide(
  rankers: Iterable<Ranker>,
  log: InteractionLog,
  rows: readonly TestRow[],
  options: EvaluateOptions,
  say: (line: string) => void,
): Record<string, Figures> {
  const figures: Record<string, Figures> = {};
  for (const ranker of rankers) {
    figures[ranker.name] = figuresOf(evaluate(ranker, log, rows, options));
    say(`${ranker.name} done`);
  }
  return figures;
}

/** The figures that a run is known by, of the list that answers. */
export const headline = ({ all, novel, latencyUs }: Evaluation) => ({
  hr20: all.hr[20],
  mrr20: all.mrr[20],
  novelHr20: novel.hr[20],
  novelMrr20: novel.mrr[20],
  predictUsP50: latencyUs.p50,
  predictUsP90: latencyUs.p90,
  predictUsP99: latencyUs.p99,
});
