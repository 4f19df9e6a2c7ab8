import { type Event, maskAnonymousId } from "@endcap/protocol";
import { type Command, Option } from "commander";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { paint } from "./output.ts";

export function addEvents(program: Command): void {
  program
    .command("events")
    .description("a tenant's events")
    .command("tail")
    .description("print events as the collector accepts them, until Ctrl-C")
    .requiredOption("--tenant <tenant>", "slug or id")
    .addOption(new Option("--env <env>", "environment").choices(["live", "test"]).default("live"))
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { tenant: string; env: string }>();
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      try {
        const path = `${tenantPath(options.tenant)}/events?env=${options.env}`;
        for await (const line of connectAdmin(options).lines(path, stop.signal)) {
          if (line === "") continue; // keep-alive
          process.stdout.write(`${options.json === true ? line : describe(JSON.parse(line) as Event)}\n`);
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
    });
}

function describe({ type, at, shopper, items, query, value, currency }: Event): string {
  const who = shopper?.userId ?? (shopper?.anonymousId === undefined ? "-" : maskAnonymousId(shopper.anonymousId));
  const what = [
    items?.map(({ id, quantity }) => (quantity === undefined || quantity === 1 ? id : `${id}×${quantity}`)).join(" "),
    query === undefined ? undefined : `“${query}”`,
    value === undefined ? undefined : `${value} ${currency ?? ""}`,
  ];
  const told = what.filter((part) => part !== undefined).join("  ");
  return `${paint("dim", at.slice(11, 23))}  ${paint("cyan", type.padEnd(26))}  ${who.padEnd(12)}  ${told}`;
}
