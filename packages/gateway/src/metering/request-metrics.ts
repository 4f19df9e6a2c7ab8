import type { Tier } from "@endcap/protocol";
import { DurationHistogram, type DurationSeries } from "@endcap/service-kit";
import type { Registry } from "prom-client";

/** Whose requests are observed, and where its series are kept. */
export interface ObservedTenant {
  readonly id: string;
  readonly tier: Tier;
  durations: TenantDurations | undefined;
}

export type ObserveTenant = (tenant: ObservedTenant, route: string, status: number, ms: number) => void;

/** Seconds: a cached verdict, a usual answer, a slow one, a deadline, a hang. */
const buckets = [0.005, 0.025, 0.1, 0.25, 1, 10];
/** Tenants with series of their own: 3 outcomes of 8 series each. */
const ownTenantsMax = 1_000;

const outcomes = ["ok", "refused", "server_error"] as const;
/** One series for each outcome, made when it first happens. */
type ByOutcome = (DurationSeries | undefined)[];

/** A tenant's own, or those that it shares with others. */
export interface TenantDurations {
  readonly tier: Tier;
  readonly label: string;
  readonly byOutcome: ByOutcome;
}

/**
 * Rate, errors and duration of proven requests, by tier and route and by tenant. Tenants of the Standard tier are one
 * series, and so are paying ones past the thousandth: a label must not grow with the number of customers, whose own
 * numbers are in their usage records.
 */
export function createRequestMetrics(registry: Registry): ObserveTenant {
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
  const tenants = new Map<string, TenantDurations>();
  const own = new Set<string>();

  function labelOf({ tier, id }: ObservedTenant): string {
    if (tier === "standard") return "standard";
    if (own.has(id)) return id;
    if (own.size >= ownTenantsMax) return "other";
    own.add(id);
    return id;
  }

  function durationsOf(tenant: ObservedTenant): TenantDurations {
    const { tier } = tenant;
    const label = labelOf(tenant);
    const name = `${tier} ${label}`;
    let durations = tenants.get(name);
    if (durations === undefined) {
      durations = { tier, label, byOutcome: [] };
      tenants.set(name, durations);
    }
    return durations;
  }

  return (tenant, route, status, ms) => {
    const { tier } = tenant;
    const outcome = status >= 500 ? 2 : status >= 400 ? 1 : 0;
    const ofRoute = outcomesOf(routes, route, tier);
    ofRoute[outcome] ??= byRoute.series({ tier, route, outcome: outcomes[outcome] });
    ofRoute[outcome].observe(ms / 1000);
    tenant.durations ??= durationsOf(tenant);
    const { byOutcome, label } = tenant.durations;
    byOutcome[outcome] ??= byTenant.series({ tier, tenant: label, outcome: outcomes[outcome] });
    byOutcome[outcome].observe(ms / 1000);
  };
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
