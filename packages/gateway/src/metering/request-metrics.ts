import type { Principal, Tier } from "@endcap/protocol";
import { DurationHistogram, type DurationSeries } from "@endcap/service-kit";
import type { Registry } from "prom-client";

export type ObservePrincipal = (principal: Principal, route: string, status: number, ms: number) => void;

/** Seconds: a cached verdict, a usual answer, a slow one, a deadline, a hang. */
const buckets = [0.005, 0.025, 0.1, 0.25, 1, 10];
/** Tenants with series of their own: 3 outcomes of 8 series each. */
const ownTenantsMax = 1_000;

const outcomes = ["ok", "refused", "server_error"] as const;
/** One series for each outcome, made when it first happens. */
type ByOutcome = (DurationSeries | undefined)[];

/**
 * Rate, errors and duration of proven requests, by tier and route and by tenant. Tenants of the Standard tier are one
 * series, and so are paying ones past the thousandth: a label must not grow with the number of customers, whose own
 * numbers are in their usage records.
 */
export function createRequestMetrics(registry: Registry): ObservePrincipal {
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

  function labelOf({ tier, tenant }: Principal): string {
    if (tier === "standard") return "standard";
    if (own.has(tenant)) return tenant;
    if (own.size >= ownTenantsMax) return "other";
    own.add(tenant);
    return tenant;
  }

  return (principal, route, status, ms) => {
    const { tier } = principal;
    const outcome = status >= 500 ? 2 : status >= 400 ? 1 : 0;
    const tenant = labelOf(principal);
    const ofRoute = outcomesOf(routes, route, tier);
    ofRoute[outcome] ??= byRoute.series({ tier, route, outcome: outcomes[outcome] });
    ofRoute[outcome].observe(ms / 1000);
    const ofTenant = outcomesOf(tenants, tenant, tier);
    ofTenant[outcome] ??= byTenant.series({ tier, tenant, outcome: outcomes[outcome] });
    ofTenant[outcome].observe(ms / 1000);
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
