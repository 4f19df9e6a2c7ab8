import {
  evaluate,
  everyPrefix,
  modelRanker,
  prefixRows,
  readSessions,
  relatedRows,
  ServedLists,
  type TestRow,
  toLog,
} from "@endcap/recommender/evaluation";
import { type InteractionLog, trainModel } from "@endcap/recommender/model";
import type { BenchContext, Figures } from "../bench.ts";
import { round3 } from "../stats.ts";
import { baselinesOf } from "./baselines.ts";
import { catalogueOf } from "./catalogue.ts";
import { figuresOf, headline, sideBySide, thinned } from "./figures.ts";
import { relatedFigures } from "./tenant.ts";

/** Share of the sessions, the newest, that is held out when there is no test file. */
const heldOut = 0.1;

/** Session files of the field: the model by itself, as papers judge theirs, then the lists as they are served. */
export async function sessionQuality(path: string, context: BenchContext, seed: number): Promise<Figures> {
  const { options, short, log: say } = context;
  const sets = await readSets(path, context);
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

  const some = thinned(rows, Number(options["baseline-rows"]));
  const now = (log.times?.at(-1) ?? 0) * 1000;
  const served = await ServedLists.open(model, await catalogueOf([], context), now);
  const forYou = served.ranker({ name: "served", strategy: "for_you", exploreEvery: 0 });
  const { predictUsP50, predictUsP90, predictUsP99, ...quality } = headline(own);
  return {
    ...quality,
    predictUsP50: round3(predictUsP50),
    predictUsP90: round3(predictUsP90),
    predictUsP99: round3(predictUsP99),
    trainSeconds: round3(trainSeconds),
    totalSeconds: round3(totalSeconds),
    rssMb: round3(rssMb),
    seed,
    endcap: figuresOf(own),
    baselines: sideBySide(baselinesOf(options.baselines, log), log, some, {}, say),
    tasks: {
      forYou: sideBySide([forYou, modelRanker(model)], log, some, {}, say),
      relatedItems: relatedFigures(served, log, relatedRows(some), context),
    },
  };
}

async function readSets(path: string, { options }: BenchContext): Promise<{ log: InteractionLog; rows: TestRow[] }> {
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
