import { SCOPES } from "@endcap/protocol";
import { type Command, Option } from "commander";
import type { IssuedKey, Key } from "../keys/model.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { facts, paint, show, table, time } from "./output.ts";

const APPLY_MS = 5_000;

interface CreateOptions extends GlobalOptions {
  readonly kind: string;
  readonly env: string;
  readonly scope?: string[];
  readonly name?: string;
  readonly expires?: string;
}

export function addKeys(program: Command): void {
  const keys = program.command("keys").description("keys of a tenant: create, list, revoke, rotate");

  keys
    .command("create <tenant>")
    .description("issue a key; a secret is shown this once")
    .addOption(new Option("--kind <kind>", "who holds it").choices(["secret", "publishable"]).default("secret"))
    .addOption(new Option("--env <env>", "environment").choices(["live", "test"]).default("live"))
    .addOption(new Option("--scope <scope...>", "what it may do (all but shopper:erase)").choices([...SCOPES]))
    .option("--name <name>", "note for people")
    .option("--expires <time>", "RFC 3339, e.g. 2027-01-31T00:00:00Z")
    .action(async (tenant: string, _options, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const issued = await connectAdmin(options).post<IssuedKey>(`${tenantPath(tenant)}/keys?waitMs=${APPLY_MS}`, {
        kind: options.kind,
        env: options.env,
        ...(options.scope !== undefined && { scopes: options.scope }),
        ...(options.name !== undefined && { name: options.name }),
        ...(options.expires !== undefined && { expiresAt: options.expires }),
      });
      show(options, issued, issuedKey);
    });

  keys
    .command("list <tenant>")
    .description("all keys, without secrets")
    .action(async (tenant: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await connectAdmin(options).get<{ keys: Key[] }>(`${tenantPath(tenant)}/keys`);
      show(options, found, ({ keys: all }) => keyTable(all));
    });

  keys
    .command("revoke <tenant> <key>")
    .description("end a key now; no gateway accepts it a moment later")
    .action(async (tenant: string, key: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const path = `${tenantPath(tenant)}/keys/${encodeURIComponent(key)}/revoke?waitMs=${APPLY_MS}`;
      const revoked = await connectAdmin(options).post<Key>(path);
      show(options, revoked, ({ id }) => `${paint("green", "revoked")} ${id}`);
    });

  keys
    .command("rotate <tenant> <key>")
    .description("issue a key's successor; both are good during the overlap")
    .option("--overlap <seconds>", "how long the old one stays good, 0 ends it now", Number, 86_400)
    .action(async (tenant: string, key: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { overlap: number }>();
      const path = `${tenantPath(tenant)}/keys/${encodeURIComponent(key)}/rotate?waitMs=${APPLY_MS}`;
      const issued = await connectAdmin(options).post<IssuedKey>(path, { overlapSeconds: options.overlap });
      show(options, issued, issuedKey);
    });
}

export function issuedKey(key: IssuedKey): string {
  return facts([
    [key.kind === "secret" ? "secret key" : "publishable key", paint("bold", key.id)],
    [
      "secret",
      key.secret === undefined ? undefined : `${paint("bold", key.secret)}  ${paint("yellow", "(shown this once)")}`,
    ],
    ["may", key.scopes.join(", ")],
    ["ends", key.expiresAt === undefined ? undefined : time(key.expiresAt)],
  ]);
}

export function keyTable(keys: readonly Key[]): string {
  if (keys.length === 0) return "No keys: endcap keys create <tenant>";
  const rows = keys.map((key) => [
    key.id,
    key.kind,
    key.env,
    key.state,
    time(key.createdAt),
    time(key.expiresAt),
    key.name ?? "",
  ]);
  return table(["KEY", "KIND", "ENV", "STATE", "CREATED", "ENDS", "NAME"], rows);
}
