import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { EndcapError, type Placement, type RecommendationAnswer } from "@endcap/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { paint, show, table } from "./output.ts";
import { describeList } from "./recommend.ts";

interface PlacementOptions extends GlobalOptions {
  readonly tenant: string;
  readonly file?: string;
  readonly strategy?: string;
  readonly repeats?: string;
  readonly item?: string[];
  readonly user?: string;
  readonly at?: string;
}

export function addPlacements(program: Command): void {
  const placements = program.command("placement").description("slots on pages: list, put, preview, delete");

  placements
    .command("list")
    .description("all placements, with their rules and experiments")
    .requiredOption("--tenant <tenant>", "slug or id")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<PlacementOptions>();
      const found = await connectAdmin(options).get<{ placements: Placement[] }>(
        `${tenantPath(options.tenant)}/placements`,
      );
      show(options, found, ({ placements: all }) => placementTable(all));
    });

  placements
    .command("put <placement>")
    .description("store a placement, whole: from a JSON file, or from --strategy and --repeats alone")
    .requiredOption("--tenant <tenant>", "slug or id")
    .option("--file <file>", "JSON of the placement; - reads standard input")
    .option("--strategy <name>", "what it ranks by")
    .option("--repeats <allow|exclude>", "whether items the shopper looked at may be shown again (allow)")
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PlacementOptions>();
      const stored = await connectAdmin(options).put<Placement>(pathOf(options.tenant, id), await bodyOf(options));
      show(options, stored, (placement) => `${paint("green", "stored")} ${placement.id} (${placement.strategy})`);
    });

  placements
    .command("preview <placement>")
    .description("what a shopper would be shown, and what each rule did to it; nothing of it is logged as served")
    .requiredOption("--tenant <tenant>", "slug or id")
    .option("--item <id...>", "items in view, in the cart, or to rank")
    .option("--user <id>", "the shopper, by the shop's own id")
    .option("--at <time>", "with the rules of that time, such as 2027-11-26T08:00:00+01:00 (now)", timeOf)
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PlacementOptions>();
      const answer = await connectAdmin(options).post<RecommendationAnswer>(
        `${tenantPath(options.tenant)}/recommendations`,
        {
          placement: id,
          ...(options.item !== undefined && { items: options.item }),
          ...(options.user !== undefined && { shopper: { userId: options.user } }),
          ...(options.at !== undefined && { at: options.at }),
          include: ["item", "reason", "score", "rules"],
        },
      );
      show(options, answer, (list) => `${describeList(list)}\n\n${ruleTable(list)}`);
    });

  placements
    .command("delete <placement>")
    .description("remove a placement; pages that still ask for it get 404")
    .requiredOption("--tenant <tenant>", "slug or id")
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PlacementOptions>();
      await connectAdmin(options).delete(pathOf(options.tenant, id));
      show(options, { id, state: "deleted" }, () => `${paint("green", "deleted")} ${id}`);
    });
}

const pathOf = (tenant: string, id: string): string => `${tenantPath(tenant)}/placements/${encodeURIComponent(id)}`;

function timeOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError("a time such as 2027-11-26T08:00:00+01:00");
  return at.toISOString();
}

/** What `list` prints can be put again: the id is in the path, so the file's own is left out. */
async function bodyOf({ file, strategy, repeats }: PlacementOptions): Promise<Record<string, unknown>> {
  const fromFile = file === undefined ? { repeats: "allow" } : await readObject(file);
  const { id: _id, ...body } = {
    ...fromFile,
    ...(strategy !== undefined && { strategy }),
    ...(repeats !== undefined && { repeats }),
  } as Record<string, unknown>;
  return body;
}

async function readObject(file: string): Promise<Record<string, unknown>> {
  const content = file === "-" ? await text(process.stdin) : await readFile(file, "utf8").catch(unreadable);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new EndcapError("invalid_json", { detail: `${file} is not JSON.`, cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EndcapError("invalid_json", { detail: `${file} does not hold a JSON object.` });
  }
  return value as Record<string, unknown>;
}

function ruleTable({ rules, fallback }: RecommendationAnswer): string {
  if (fallback !== undefined) return "The fallback list follows no rules: ask again when the recommender answers.";
  if (rules === undefined || rules.length === 0) return "The placement has no rules.";
  return table(
    ["RULE", "DID", "ITEMS"],
    rules.map(({ rule, did, items }) => [rule, did, items.join(", ")]),
  );
}

function unreadable(cause: Error): never {
  throw new EndcapError("usage", { detail: `The file cannot be read: ${cause.message}.`, cause });
}

function placementTable(placements: readonly Placement[]): string {
  if (placements.length === 0) return "No placements: endcap placement put <id> --tenant <tenant> --strategy for_you";
  const rows = placements.map(({ id, title, strategy, limit, repeats, rules, experiment }) => [
    id,
    title ?? "",
    strategy,
    limit === undefined ? "" : String(limit),
    repeats,
    rules?.map((rule) => rule.id).join(", ") ?? "",
    experiment === undefined
      ? ""
      : `${experiment.id}: ${experiment.variants.map(({ name, share }) => `${name} ${share}`).join(", ")}`,
  ]);
  return table(["PLACEMENT", "TITLE", "STRATEGY", "LIMIT", "REPEATS", "RULES", "EXPERIMENT"], rows);
}
