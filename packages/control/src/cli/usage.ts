import type { Command } from "commander";
import type { TenantUsage, UsageByRoute } from "../usage/model.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { facts, paint, show, table } from "./output.ts";

interface UsageOptions extends GlobalOptions {
  readonly month?: string;
}

export function addUsage(program: Command): void {
  program
    .command("usage [tenant]")
    .description("events and requests of a month: all tenants, or one by route")
    .option("--month <month>", "UTC month, as 2026-11 (this one)")
    .action(async (tenant: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<UsageOptions>();
      const query = options.month === undefined ? "" : `?${new URLSearchParams({ month: options.month })}`;
      const admin = connectAdmin(options);
      if (tenant !== undefined) {
        const path = `${tenantPath(tenant)}/usage${query}`;
        show(options, await admin.get<TenantUsage & { routes: UsageByRoute[] }>(path), one);
        return;
      }
      show(options, await admin.get<{ month: string; usage: TenantUsage[] }>(`/v1/usage${query}`), all);
    });
}

function all({ month, usage }: { month: string; usage: TenantUsage[] }): string {
  const head = ["TENANT", "EVENTS", "QUOTA", "USED", "REQUESTS", "LAST HOUR", "P99"];
  const rows = usage.map(({ slug, events, eventsPerMonth, requests, lastHour }) => [
    slug,
    whole(events),
    eventsPerMonth === null ? "-" : whole(eventsPerMonth),
    share(events, eventsPerMonth),
    whole(requests),
    `${lastHour.requestsPerSecond.toFixed(2)}/s`,
    milliseconds(lastHour.p99Ms, lastHour.requests),
  ]);
  return `${paint("bold", month)}\n${usage.length === 0 ? "No tenants yet." : table(head, rows)}`;
}

function one({
  slug,
  month,
  events,
  eventsPerMonth,
  testEvents,
  requests,
  lastHour,
  routes,
}: TenantUsage & { routes: UsageByRoute[] }): string {
  const head = ["ENV", "ROUTE", "STATUS", "CODE", "REQUESTS", "EVENTS", "MEAN", "P99"];
  const rows = routes.map((row) => [
    row.env,
    row.route,
    String(row.status),
    row.code ?? "-",
    whole(row.requests),
    whole(row.events),
    `${row.meanMs.toFixed(1)} ms`,
    milliseconds(row.p99Ms, row.requests),
  ]);
  return [
    facts([
      ["tenant", `${paint("bold", slug)}  ${month}`],
      [
        "events",
        `${whole(events)} of ${eventsPerMonth === null ? "-" : whole(eventsPerMonth)} (${share(events, eventsPerMonth)})`,
      ],
      ["test events", testEvents === 0 ? undefined : `${whole(testEvents)}, not billed`],
      ["requests", whole(requests)],
      [
        "last hour",
        `${whole(lastHour.requests)} requests, ${whole(lastHour.refused)} refused, ${whole(lastHour.failed)} failed`,
      ],
    ]),
    ...(rows.length === 0 ? [] : ["", table(head, rows)]),
  ].join("\n");
}

const whole = (value: number) => value.toLocaleString("en");

function share(events: number, quota: number | null): string {
  return quota === null || quota === 0 ? "-" : `${((100 * events) / quota).toFixed(1)}%`;
}

/** Latencies are known by class: the bound they stay below, or that they are past the last one. */
function milliseconds(bound: number | null, requests: number): string {
  if (requests === 0) return "-";
  return bound === null ? "> 5,000 ms" : `<= ${whole(bound)} ms`;
}
