// How good the recommender is, on sessions of real shops, beside what is simple and what the field compares with.

import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import {
  type Evaluation,
  evaluate,
  everyPrefix,
  itemKnn,
  modelRanker,
  popularity,
  prefixRows,
  type Ranker,
  readSessions,
  sessionItems,
  type TestRow,
  toLog,
  vmisKnn,
  vSknn,
  vstan,
} from "@endcap/recommender/evaluation";
import { type InteractionLog, trainModel } from "@endcap/recommender/model";
import { type BenchContext, defineBench, type Figures } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { round3 } from "./stats.ts";

/** Share of the sessions, the newest, that is held out when there is no test file. */
const heldOut = 0.1;
const seed = 1;

const baselines: Readonly<Record<string, (log: InteractionLog) => Ranker>> = {
  sessionItems,
  popularity,
  itemKnn: (log) => itemKnn(log),
  vSknn: (log) => vSknn(log),
  vstan: (log) => vstan(log),
  vmisKnn: (log) => vmisKnn(log),
};

/** Real sessions that lie beside the clone; see docs/quality.md for what else there is. */
const defaultTrain = fileURLToPath(new URL("../../../shared/data/retailrocket_cotrec", import.meta.url));

async function readSets({ options }: BenchContext): Promise<{ log: InteractionLog; rows: TestRow[] }> {
  const path = String(options.train ?? defaultTrain);
  const train = await readSessions(path, "train");
  const test = typeof options.test === "string" ? options.test : path;
  const lines =
    options["hold-out"] === true
      ? undefined
      : await readSessions(test, "test").catch((error: Error) => {
          if (typeof options.test === "string") throw error;
          return undefined;
        });
  if (lines === undefined) {
    const cut = Math.floor(train.length * (1 - heldOut));
    return { log: toLog(train.slice(0, cut)), rows: everyPrefix(train.slice(cut)) };
  }
  const table = lines.some(({ times }) => times !== undefined);
  return { log: toLog(train), rows: table ? everyPrefix(lines) : prefixRows(lines) };
}

/** Every `n`th row, so that at most `limit` remain: a baseline that takes milliseconds a row need not see all of them. */
function thinned(rows: readonly TestRow[], limit: number): readonly TestRow[] {
  const step = Math.ceil(rows.length / limit);
  return step <= 1 ? rows : rows.filter((_, index) => index % step === 0);
}

const figuresOf = ({ all, novel, coverage, popularityBias, latencyUs }: Evaluation): Figures => ({
  rows: all.rows,
  hr: all.hr,
  mrr: all.mrr,
  ndcg: all.ndcg,
  novelRows: novel.rows,
  novelHr: novel.hr,
  novelMrr: novel.mrr,
  novelNdcg: novel.ndcg,
  coverage,
  popularityBias,
  latencyUs,
});

export default defineBench({
  summary: "HR, MRR, NDCG, coverage and latency on session files (--train DIR [--test FILE]), beside six baselines",
  options: {
    train: { type: "string" },
    test: { type: "string" },
    "hold-out": { type: "boolean" },
    baselines: { type: "string", default: "sessionItems,popularity" },
    "baseline-rows": { type: "string", default: "5000" },
  },
  async run(context) {
    const { log: say, options, short } = context;
    const sets = await readSets(context);
    const { log } = sets;
    const rows = short ? thinned(sets.rows, 2_000) : sets.rows;
    say(
      `${log.sessionOffsets.length - 1} sessions, ${log.items.length} clicks, ${log.itemIds.length} items; ${rows.length} rows`,
    );

    const start = performance.now();
    const { model, report } = trainModel(log, { seed, trainedAt: 0 });
    const trainSeconds = (performance.now() - start) / 1000;
    say(`trained in ${trainSeconds.toFixed(1)} s: ${JSON.stringify(report)}`);
    const own = evaluate(modelRanker(model), log, rows);
    const totalSeconds = (performance.now() - start) / 1000;
    const rssMb = process.resourceUsage().maxRSS / 1024;

    const rivals: Record<string, Figures> = {};
    const some = thinned(rows, Number(options["baseline-rows"]));
    for (const name of wanted(options.baselines)) {
      const rival = baselines[name];
      if (rival === undefined)
        throw new Error(`no baseline ${name}; there are ${Object.keys(baselines).join(", ")}, all, none`);
      rivals[name] = figuresOf(evaluate(rival(log), log, some));
      say(`${name} done`);
    }
    return {
      ok: true,
      figures: {
        hr20: own.all.hr[20],
        mrr20: own.all.mrr[20],
        novelHr20: own.novel.hr[20],
        novelMrr20: own.novel.mrr[20],
        predictUsP50: round3(own.latencyUs.p50),
        predictUsP90: round3(own.latencyUs.p90),
        predictUsP99: round3(own.latencyUs.p99),
        trainSeconds: round3(trainSeconds),
        totalSeconds: round3(totalSeconds),
        rssMb: round3(rssMb),
        seed,
        endcap: figuresOf(own),
        baselines: rivals,
        machine: await describeMachine(tmpdir()),
      },
    };
  },
});

function wanted(list: unknown): string[] {
  if (list === "all") return Object.keys(baselines);
  return String(list)
    .split(",")
    .filter((name) => name !== "" && name !== "none");
}
