import { LATENCY_BOUNDS_MS, type Tier } from "@endcap/protocol";
import { DurationHistogram, type DurationSeries } from "@endcap/service-kit";
import type { Registry } from "prom-client";
import type { UsageRow } from "./usage-row.ts";

export interface RequestMetrics {
  /** One proven request. */
  observe(tier: Tier, route: string, status: number, ms: number): void;
  /** What tenants have used, some seconds of them. */
  add(rows: readonly UsageRow[]): void;
}

/** Some of the classes in which usage is counted: a cached verdict, a usual answer, slow ones, a deadline, a hang. */
const boundsMs = [5, 20, 100, 200, 1_000, 5_000];
const buckets = boundsMs.map((ms) => ms / 1000);
/** For each class of usage the first bound that holds it; the last one holds what none does. */
const bucketOfClass = [...LATENCY_BOUNDS_MS, Number.POSITIVE_INFINITY].map((ms) => {
  const at = boundsMs.findIndex((bound) => bound >= ms);
  return at < 0 ? boundsMs.length : at;
});
const noCounts: readonly number[] = [...boundsMs, 0].fill(0);
/** Tenants with series of their own: 3 outcomes of 8 series each. */
const ownTenantsMax = 1_000;

const outcomes = ["ok", "refused", "server_error"] as const;
/** One series for each outcome, made when it first happens. */
type ByOutcome = (DurationSeries | undefined)[];

const outcomeOf = (status: number) => (status >= 500 ? 2 : status >= 400 ? 1 : 0);

/**
 * Rate, errors and duration of proven requests, by tier and route and by tenant. Tenants of the Standard tier are one
 * series, and so are paying ones past the thousandth: a label must not grow with the number of customers, whose own
 * numbers are in their usage records. Of those records a tenant's series is made as well: a request counts its tenant
 * once, and what is shown of it is as old as the last flush of its usage.
 */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const byRoute = new DurationHistogram({
    name: "endcap_request_seconds",
    help: "duration of proven requests by tier, route and outcome",
    labelNames: ["tier", "route", "outcome"],
    buckets,
    registers: [registry],
  });
  const byTenant = new DurationHistogram({
    name: "endcap_tenant_request_seconds",
    help: "duration of proven requests by tenant and outcome; tenant is standard for that whole tier",
    labelNames: ["tier", "tenant", "outcome"],
    buckets,
    registers: [registry],
  });
  const routes = new Map<string, Map<Tier, ByOutcome>>();
  const tenants = new Map<string, Map<Tier, ByOutcome>>();
  const own = new Set<string>();

  function labelOf(tier: Tier, tenant: string): string {
    if (tier === "standard") return "standard";
    if (own.has(tenant)) return tenant;
    if (own.size >= ownTenantsMax) return "other";
    own.add(tenant);
    return tenant;
  }

  return {
    observe(tier, route, status, ms) {
      const outcome = outcomeOf(status);
      const ofRoute = outcomesOf(routes, route, tier);
      ofRoute[outcome] ??= byRoute.series({ tier, route, outcome: outcomes[outcome] });
      ofRoute[outcome].observe(ms / 1000);
    },
    add(rows) {
      for (const { tenant, tier, status, latency, ms } of rows) {
        if (tier === undefined) continue;
        const label = labelOf(tier, tenant);
        const outcome = outcomeOf(status);
        const ofTenant = outcomesOf(tenants, label, tier);
        ofTenant[outcome] ??= byTenant.series({ tier, tenant: label, outcome: outcomes[outcome] });
        ofTenant[outcome].add(inBuckets(latency), ms / 1000);
      }
    },
  };
}

function inBuckets(latency: readonly number[]): number[] {
  const counts = noCounts.slice();
  for (let at = 0; at < latency.length; at++) {
    const bucket = bucketOfClass[at] ?? boundsMs.length;
    counts[bucket] = (counts[bucket] ?? 0) + (latency[at] ?? 0);
  }
  return counts;
}

function outcomesOf(map: Map<string, Map<Tier, ByOutcome>>, name: string, tier: Tier): ByOutcome {
  let tiers = map.get(name);
  if (tiers === undefined) {
    tiers = new Map();
    map.set(name, tiers);
  }
  let of = tiers.get(tier);
  if (of === undefined) {
    of = [];
    tiers.set(tier, of);
  }
  return of;
}
