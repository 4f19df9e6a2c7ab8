#!/usr/bin/env node
/**
 * endcap-train: builds one tenant's model and makes it the champion. Standard output is NDJSON: a line a step, then one
 * line with the result or the error. With --tell-champion it only tells MLflow which model answers, as after a rollback.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EndcapError, isTenantId, problem } from "@endcap/protocol";
import { tellChampion } from "./train/mlflow.ts";
import { mlflowMsMax, train } from "./train/run.ts";

const say = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** Progress at most this often; a line a thousand rows would be noise. */
const progressMs = 250;

function readArguments() {
  const { values } = parseArgs({
    options: {
      tenant: { type: "string" },
      tables: { type: "string" },
      models: { type: "string" },
      exports: { type: "string" },
      seed: { type: "string", default: "1" },
      "tell-champion": { type: "string" },
    },
  });
  const { tenant, tables, models, exports, seed, "tell-champion": champion } = values;
  if (tenant !== undefined && isTenantId(tenant) && champion !== undefined) return { tenant, champion };
  if (tenant === undefined || !isTenantId(tenant) || !tables || !models || !exports || !/^\d{1,9}$/.test(seed)) {
    throw new EndcapError("usage", {
      detail:
        "endcap-train --tenant <id> --tables <uri> --models <uri> --exports <dir> [--seed 1], or --tenant <id> --tell-champion <version>",
    });
  }
  return { tenant, tables, models, exports: resolve(exports), seed: Number(seed) };
}

let lastStep = "";
let saidAt = 0;

const mlflowUrl = process.env.ENDCAP_TRAIN_MLFLOW_URL || undefined;

async function run(): Promise<void> {
  const told = readArguments();
  if (told.champion !== undefined) {
    if (mlflowUrl === undefined) return;
    await tellChampion(told.tenant, told.champion, { url: mlflowUrl, msMax: mlflowMsMax });
    return;
  }
  const result = await train({
    ...told,
    mlflowUrl,
    onWarning: (warning) => console.error(warning),
    now: Date.now,
    random: (bytes) => crypto.getRandomValues(bytes),
    onStep: (step, counts) => {
      const now = Date.now();
      if (step === lastStep && now - saidAt < progressMs) return;
      lastStep = step;
      saidAt = now;
      say({ step, ...counts });
    },
  });
  say({ step: "done", result });
}

try {
  await run();
} catch (error) {
  const known = error instanceof EndcapError;
  const { code, detail, title } = known ? error.toProblem() : problem("internal");
  if (!known) console.error(error);
  say({ error: { code, detail: detail ?? title } });
  process.exitCode = 1;
}
