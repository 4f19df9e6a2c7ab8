import type { Command } from "commander";
import type { ModelList, Move } from "../admin/models.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { paint, show, table, time } from "./output.ts";

type ModelOptions = GlobalOptions & { readonly tenant: string };

export function addModels(program: Command): void {
  const model = program.command("model").description("models of a tenant: list, rollback");

  model
    .command("list")
    .description("the models that are kept, which one answers, and why the others do not")
    .requiredOption("--tenant <tenant>", "slug or id")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ModelOptions>();
      const found = await connectAdmin(options).get<ModelList>(`${tenantPath(options.tenant)}/models`);
      show(options, found, modelTable);
    });

  model
    .command("rollback")
    .description("let the model answer again that the current one took over from")
    .requiredOption("--tenant <tenant>", "slug or id")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ModelOptions>();
      const move = await connectAdmin(options).post<Move>(`${tenantPath(options.tenant)}/models/rollback`);
      show(options, move, ({ from, to }) => `${paint("green", "rolled back")} ${options.tenant} from ${from} to ${to}`);
    });
}

function modelTable({ models }: ModelList): string {
  if (models.length === 0) return "No models yet: endcap train --tenant <tenant>";
  const rows = models.map(({ version, state, bytes, facts }) => [
    version,
    state === "champion" ? paint("green", state) : state,
    time(textOf(facts.trainedAt)),
    `${(bytes / 1e6).toFixed(1)} MB`,
    reasonOf(facts.verdict),
  ]);
  return table(["MODEL", "STATE", "TRAINED", "SIZE", "WHY"], rows);
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function reasonOf(verdict: unknown): string {
  const has = typeof verdict === "object" && verdict !== null && "reason" in verdict;
  return (has && textOf(verdict.reason)) || "not judged";
}
