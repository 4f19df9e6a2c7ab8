import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import Type from "typebox";
import { Value } from "typebox/value";
import { programOf } from "../provisioner/programs.ts";
import type { JobOutcome } from "./repository.ts";

const Done = Type.Object({ step: Type.Literal("done"), result: Type.Record(Type.String(), Type.Unknown()) });
const Progress = Type.Record(Type.String(), Type.Unknown(), { required: ["step"] });
const Failed = Type.Object({ error: Type.Object({ code: Type.String(), detail: Type.Optional(Type.String()) }) });

export interface TrainOptions {
  readonly tenantId: string;
  readonly tables: string;
  readonly models: string;
  readonly exportsDir: string;
  readonly logFile: string;
  readonly onProgress: (progress: Record<string, unknown>) => void;
  /** Ends the training process. */
  readonly signal: AbortSignal;
}

/** Runs `endcap-train` as a child process to its end: never rejects, a training that fails is an outcome. */
export async function runTraining(options: TrainOptions): Promise<JobOutcome> {
  const { script, execArgv } = programOf("recommender", "train");
  const args = ["--tenant", options.tenantId, "--tables", options.tables, "--models", options.models];
  const child = spawn(process.execPath, [...execArgv, script, ...args, "--exports", options.exportsDir], {
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
    killSignal: "SIGTERM",
  });
  child.stderr.pipe(createWriteStream(options.logFile, { flags: "a", mode: 0o600 }));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`));
  });

  let outcome: JobOutcome | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = parse(line);
    if (Value.Check(Done, told)) outcome = { state: "succeeded", result: told.result };
    else if (Value.Check(Failed, told)) {
      const { code, detail } = told.error;
      outcome = { state: "failed", error: { code, message: detail ?? "The training failed." } };
    } else if (Value.Check(Progress, told)) options.onProgress(told);
  }
  const how = await ended;
  return (
    outcome ?? {
      state: "failed",
      error: { code: "internal", message: `The training ended without a word (${how}); see ${options.logFile}` },
    }
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
