import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EndcapError, type RandomBytes, uuidV7 } from "@endcap/protocol";
import { openModels, openTables, readExport } from "@endcap/storage";
import { encodeModel, type InteractionLog, sessionCount, trainModel } from "../model/index.ts";
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
  readonly onStep: (
    step: "export" | "read" | "build" | "register",
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
    const { log, events } = await readLog(readExport(exported), (rows, count) =>
      onStep("read", { rows, events: count }),
    );
    assertEnough(log);
    onStep("build", { events });
    const { model, report } = trainModel(log, { seed: options.seed, trainedAt: startedAt });
    onStep("register");
    const version = `m-${uuidV7(startedAt, options.random)}`;
    const bytes = await storeModel(store, version, encodeModel(model));
    const result: TrainingResult = {
      version,
      trainedAt: new Date(startedAt).toISOString(),
      events,
      items: report.items,
      sessions: report.sessions,
      bytes,
      seconds: (now() - startedAt) / 1000,
      reranked: report.reranked,
    };
    await register(store, version, {
      ...result,
      seed: options.seed,
      interactions: report.interactions,
      pairs: report.pairs,
    });
    return result;
  } finally {
    await rm(exported, { recursive: true, force: true });
  }
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

function assertEnough(log: InteractionLog): void {
  if (log.items.length >= interactionsMin) return;
  throw new EndcapError("training_data_missing", {
    detail: `A model needs at least ${interactionsMin} views, carts or purchases; there are ${log.items.length} in ${sessionCount(log)} visits. The previous model stays.`,
  });
}
