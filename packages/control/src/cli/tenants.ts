import { EndcapError, TIERS } from "@endcap/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { IssuedKey, Key } from "../keys/model.ts";
import type { Tenant, TenantView } from "../tenants/model.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { issuedKey, keyTable } from "./keys.ts";
import { facts, paint, show, table, time } from "./output.ts";

const SETTLE_MS = 30_000;

interface CreateOptions extends GlobalOptions {
  readonly tier: string;
  readonly name?: string;
  readonly origin?: string[];
  readonly env: string;
}

interface SetOptions extends GlobalOptions {
  readonly holdout?: number;
  readonly pages?: "on" | "off";
  readonly consent?: "none" | "required";
  readonly observeCatalogue?: "on" | "off";
  readonly tier?: string;
  readonly name?: string;
  readonly origin?: string[];
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 0.5)) throw new InvalidArgumentError("0 to 0.5");
  return value;
}

export function addTenants(program: Command): void {
  const tenant = program.command("tenant").description("shops: create, list, show, set, delete");

  tenant
    .command("create <slug>")
    .description("create a tenant, issue its first keys and wait until it answers")
    .addOption(new Option("--tier <tier>", "subscription").choices(Object.keys(TIERS)).default("standard"))
    .option("--name <name>", "name for people (the slug)")
    .option("--origin <origin...>", "pages that may use the publishable key, e.g. https://shop.example")
    .option("--env <envs>", "environments to issue keys for", "live")
    .action(async (slug: string, _options, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const created = await connectAdmin(options).post<TenantView & { keys: IssuedKey[] }>(
        `/v1/tenants?waitMs=${SETTLE_MS}`,
        {
          slug,
          tier: options.tier,
          issueKeys: options.env.split(","),
          ...(options.name !== undefined && { name: options.name }),
          ...(options.origin !== undefined && { origins: options.origin }),
        },
      );
      show(options, created, (made) => `${tenantFacts(made)}\n\n${made.keys.map(issuedKey).join("\n\n")}`);
    });

  tenant
    .command("list")
    .description("all tenants")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { tenants } = await connectAdmin(options).get<{ tenants: TenantView[] }>("/v1/tenants");
      show(options, { tenants }, () => {
        if (tenants.length === 0) return "No tenants yet: endcap tenant create <slug>";
        const head = ["TENANT", "ID", "TIER", "STATE", "RECOMMENDER", "MODEL", "TRAINED"];
        return table(head, tenants.map(tenantRow));
      });
    });

  tenant
    .command("show <tenant>")
    .description("one tenant with its keys, by slug or id")
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const admin = connectAdmin(options);
      const found = await admin.get<TenantView>(tenantPath(name));
      const { keys } = await admin.get<{ keys: Key[] }>(`${tenantPath(name)}/keys`);
      show(options, { ...found, keys }, () => `${tenantFacts(found)}\n\n${keyTable(keys)}`);
    });

  tenant
    .command("set <tenant>")
    .description("change a tenant; what is not named stays")
    .option(
      "--holdout <share>",
      "share of the shoppers who are shown nothing, 0 to 0.5, to measure what lists bring",
      share,
    )
    .addOption(new Option("--pages <on|off>", "off: the SDK on the shop's pages goes quiet").choices(["on", "off"]))
    .addOption(new Option("--consent <need>", "whether pages wait for consent").choices(["none", "required"]))
    .addOption(
      new Option("--observe-catalogue <on|off>", "whether product pages refresh prices and availability").choices([
        "on",
        "off",
      ]),
    )
    .addOption(new Option("--tier <tier>", "subscription").choices(Object.keys(TIERS)))
    .option("--name <name>", "name for people")
    .option("--origin <origin...>", "pages that may use the publishable key, all of them")
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SetOptions>();
      const settings = {
        ...(options.holdout !== undefined && { holdoutShare: options.holdout }),
        ...(options.pages !== undefined && { enabled: options.pages === "on" }),
        ...(options.consent !== undefined && { consent: options.consent }),
        ...(options.observeCatalogue !== undefined && { observeCatalogue: options.observeCatalogue === "on" }),
      };
      const change = {
        ...(Object.keys(settings).length > 0 && { settings }),
        ...(options.tier !== undefined && { tier: options.tier }),
        ...(options.name !== undefined && { name: options.name }),
        ...(options.origin !== undefined && { origins: options.origin }),
      };
      if (Object.keys(change).length === 0) {
        throw new EndcapError("usage", {
          detail: "Name what changes: --holdout, --pages, --consent, --observe-catalogue, --tier, --name or --origin.",
        });
      }
      show(options, await connectAdmin(options).patch<TenantView>(tenantPath(name), change), tenantFacts);
    });

  tenant
    .command("delete <tenant>")
    .description("delete a tenant: its keys, its processes and all of its data")
    .option("--yes", "do not ask back")
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      if (options.yes !== true) {
        throw new EndcapError("usage", { detail: `This deletes all data of ${name} for ever: add --yes.` });
      }
      const gone = await connectAdmin(options).delete<{ id: string }>(`${tenantPath(name)}?waitMs=${SETTLE_MS}`);
      show(options, gone, ({ id }) => `${paint("green", "deleted")} ${name} (${id})`);
    });
}

function tenantRow(tenant: TenantView): string[] {
  const { slug, id, tier, state, recommender, model } = tenant;
  return [slug, id, tier, state, recommender?.state ?? "-", model?.version ?? "-", time(model?.trainedAt)];
}

function tenantFacts(tenant: Tenant & Pick<TenantView, "recommender" | "model">): string {
  const { enabled, consent, observeCatalogue } = tenant.settings;
  return facts([
    ["tenant", `${paint("bold", tenant.slug)}  ${tenant.id}`],
    ["name", tenant.name],
    ["tier", tenant.tier],
    ["state", tenant.state],
    ["origins", tenant.origins.length > 0 ? tenant.origins.join(", ") : "none: browsers cannot use it yet"],
    ["pages", enabled ? (consent === "required" ? "on, after consent" : "on") : "off: the SDK is quiet"],
    ["catalogue", observeCatalogue ? "from the shop and its product pages" : "from the shop"],
    ["held out", `${(100 * (tenant.settings.holdoutShare ?? 0)).toFixed(1)}% of the shoppers`],
    ["recommender", tenant.recommender?.state],
    [
      "model",
      tenant.model === undefined
        ? "none yet: endcap train"
        : `${tenant.model.version}, trained ${time(tenant.model.trainedAt)}`,
    ],
  ]);
}
