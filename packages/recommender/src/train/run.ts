import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EndcapError, type RandomBytes, uuidV7 } from "@endcap/protocol";
import { type ModelStore, modelFacts, openModels, openTables, readExport } from "@endcap/storage";
import {
  encodeModel,
  type InteractionLog,
  ModelFileError,
  openModel,
  sessionCount,
  trainModel,
} from "../model/index.ts";
import { compareWithChampion, type Judged } from "./compare.ts";
import { logToMlflow } from "./mlflow.ts";
import { readLog } from "./read-log.ts";
import { register, storeModel } from "./register.ts";

export interface TrainingOptions {
  readonly tenant: string;
  readonly tables: string;
  readonly models: string;
  /** Where the export goes; it is removed afterwards. */
  readonly exports: string;
  readonly seed: number;
  readonly now: () => number;
  readonly random: RandomBytes;
  /** Origin of an MLflow tracking server that is told of the training. */
  readonly mlflowUrl?: string | undefined;
  /** What went wrong without failing the training. */
  readonly onWarning?: (warning: string) => void;
  readonly onStep: (
    step: "export" | "read" | "build" | "evaluate" | "register",
    counts?: { rows?: number; events?: number },
  ) => void;
}

export interface TrainingResult {
  readonly version: string;
  readonly trainedAt: string;
  readonly events: number;
  readonly items: number;
  readonly sessions: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly reranked: boolean;
  /** Whether it is the champion now. `reason` says why, or why not. */
  readonly promoted: boolean;
  readonly reason: string;
}

/** Fewer interactions than this say nothing about a shop. */
const interactionsMin = 30;

/** Exports the live table, builds a model from it and makes it the champion. The previous model answers until then. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { tenant, now, onStep } = options;
  const startedAt = now();
  const store = openModels(options.models).open(tenant);
  const exported = await exportTable(options, startedAt);
  try {
    onStep("read");
    const { log, events, ahead } = await readLog(readExport(exported), startedAt, (rows, count) =>
      onStep("read", { rows, events: count }),
    );
    assertEnough(log, ahead);
    onStep("build", { events });
    const version = `m-${uuidV7(startedAt, options.random)}`;
    const { bytes, report } = await build(options, store, version, log, startedAt);
    onStep("evaluate");
    const { promote, reason, comparison } = await judge(store, log, options.seed, startedAt);
    onStep("register");
    const facts = {
      version,
      trainedAt: new Date(startedAt).toISOString(),
      events,
      items: report.items,
      sessions: report.sessions,
      bytes,
      seconds: (now() - startedAt) / 1000,
      reranked: report.reranked,
    };
    const promoted = await register(
      store,
      {
        ...facts,
        seed: options.seed,
        interactions: report.interactions,
        pairs: report.pairs,
        until: log.times?.at(-1), // sessions are ordered by their end
        verdict: { promote, reason },
        ...(comparison && { comparison }),
      },
      { at: now(), id: uuidV7(now(), options.random) },
    );
    const result = { ...facts, promoted, reason: promote && !promoted ? "a newer model is the champion" : reason };
    await tellMlflow(options, store, result, {
      interactions: report.interactions,
      pairs: report.pairs,
      ...(comparison && { hr20: comparison.candidateHr20, champion_hr20: comparison.championHr20 }),
    });
    return result;
  } finally {
    await rm(exported, { recursive: true, force: true });
  }
}

/** A function of its own, so that the model is gone from memory before another is trained to compare with. */
async function build(
  { seed }: TrainingOptions,
  store: ModelStore,
  version: string,
  log: InteractionLog,
  trainedAt: number,
) {
  const { model, report } = trainModel(log, { seed, trainedAt });
  return { bytes: await storeModel(store, version, encodeModel(model)), report };
}

/** A champion that is gone or damaged keeps nobody out. */
async function judge(store: ModelStore, log: InteractionLog, seed: number, trainedAt: number): Promise<Judged> {
  const champion = await store.pointer("champion");
  if (champion === undefined) return { promote: true, reason: "there was no champion" };
  try {
    const file = await store.get(`${champion.value}.ecm`);
    if (file === undefined) return { promote: true, reason: "the champion's file is gone" };
    const model = openModel(file.bytes);
    const { until } = await modelFacts(store, champion.value);
    const championUntil = typeof until === "number" ? until : model.parts.meta.trainedAt / 1000;
    return compareWithChampion(log, { champion: model, championUntil, seed, trainedAt });
  } catch (error) {
    if (error instanceof ModelFileError) return { promote: true, reason: "the champion's file is damaged" };
    throw error;
  }
}

/** A server that has just started takes its time, and so does a large model. */
export const mlflowMsMax = 60_000;

async function tellMlflow(
  { mlflowUrl, tenant, seed, now, onWarning }: TrainingOptions,
  store: ModelStore,
  { version, trainedAt, events, items, sessions, bytes, seconds, reranked, promoted, reason }: TrainingResult,
  more: Record<string, number>,
): Promise<void> {
  if (mlflowUrl === undefined) return;
  const run = {
    tenant,
    version,
    startedAt: Date.parse(trainedAt),
    endedAt: now(),
    params: { seed, reranked },
    metrics: { events, items, sessions, bytes, seconds, ...more },
    promoted,
    reason,
    file: async () => (await store.get(`${version}.ecm`))?.bytes,
  };
  await logToMlflow(run, { url: mlflowUrl, msMax: mlflowMsMax }).catch((error: unknown) => {
    onWarning?.(`MLflow was not told of ${version}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

async function exportTable(
  { tables: location, tenant, exports, random, onStep }: TrainingOptions,
  now: number,
): Promise<string> {
  onStep("export");
  const tables = openTables(location);
  try {
    const table = await tables.open({ tenant, env: "live" });
    const { path, rows, events } = await table.exportTo(join(exports), { exportId: uuidV7(now, random), now });
    onStep("export", { rows, events });
    return path;
  } finally {
    await tables.close();
  }
}

function assertEnough(log: InteractionLog, ahead: number): void {
  if (log.items.length >= interactionsMin) return;
  const left = ahead > 0 ? `; ${ahead} events were left out because they lie ahead of this machine's clock` : "";
  throw new EndcapError("training_data_missing", {
    detail: `A model needs at least ${interactionsMin} views, carts or purchases; there are ${log.items.length} in ${sessionCount(log)} visits${left}. The previous model stays.`,
  });
}
