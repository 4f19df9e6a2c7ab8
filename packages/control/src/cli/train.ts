import { setTimeout as delay } from "node:timers/promises";
import { EndcapError, isErrorCode } from "@endcap/protocol";
import type { Command } from "commander";
import type { Job } from "../training/model.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { facts, paint, show } from "./output.ts";
import { createStatusLine } from "./status-line.ts";

const POLL_MS = 200;

export function addTrain(program: Command): void {
  program
    .command("train")
    .description("train a tenant's model on what it has, and put it to work")
    .requiredOption("--tenant <tenant>", "slug or id")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { tenant: string }>();
      const admin = connectAdmin(options);
      let job = await admin.post<Job>(`${tenantPath(options.tenant)}/train`);
      const line = createStatusLine();
      while (job.state === "queued" || job.state === "running") {
        line.update(describe(job));
        await delay(POLL_MS);
        job = await admin.get<Job>(`/v1/jobs/${job.id}`);
      }
      line.clear();
      if (job.error !== undefined) {
        const code = isErrorCode(job.error.code) ? job.error.code : "internal";
        throw new EndcapError(code, { detail: job.error.message });
      }
      show(options, job, ({ result = {} }) => {
        const told = Object.entries(result).map(([name, value]) => [name, String(value)] as const);
        return `${paint("green", "trained")} ${options.tenant}\n${facts(told)}`;
      });
    });
}

function describe({ state, progress }: Job): string {
  if (state === "queued") return "waiting for another training to end";
  const { step, ...counts } = progress ?? {};
  const told = Object.entries(counts).map(([name, value]) => `${Number(value).toLocaleString("en")} ${name}`);
  return ["training", step, ...told].filter((part) => part !== undefined).join(" · ");
}
