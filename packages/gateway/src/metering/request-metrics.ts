import type { Principal } from "@endcap/protocol";
import { Histogram, type Registry } from "prom-client";

export type ObservePrincipal = (principal: Principal, route: string, status: number, ms: number) => void;

/** Seconds: a cached verdict, a usual answer, a slow one, a deadline, a hang. */
const buckets = [0.005, 0.025, 0.1, 0.25, 1, 10];
/** Tenants with series of their own: 3 outcomes of 8 series each. */
const ownTenantsMax = 1_000;

/**
 * Rate, errors and duration of proven requests, by tier and route and by tenant. Tenants of the Standard tier are one
 * series, and so are paying ones past the thousandth: a label must not grow with the number of customers, whose own
 * numbers are in their usage records.
 */
export function createRequestMetrics(registry: Registry): ObservePrincipal {
  const byRoute = new Histogram({
    name: "endcap_request_seconds",
    help: "duration of proven requests by tier, route and outcome",
    labelNames: ["tier", "route", "outcome"],
    buckets,
    registers: [registry],
  });
  const byTenant = new Histogram({
    name: "endcap_tenant_request_seconds",
    help: "duration of proven requests by tenant and outcome; tenant is standard for that whole tier",
    labelNames: ["tier", "tenant", "outcome"],
    buckets,
    registers: [registry],
  });
  const routes = new Map<string, Histogram.Internal<string>>();
  const tenants = new Map<string, Histogram.Internal<string>>();
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
    const outcome = status >= 500 ? "server_error" : status >= 400 ? "refused" : "ok";
    const tenant = labelOf(principal);
    child(routes, byRoute, tier, route, outcome).observe(ms / 1000);
    child(tenants, byTenant, tier, tenant, outcome).observe(ms / 1000);
  };
}

/** Label sets are kept, so that a request does not hash them again. */
function child(
  children: Map<string, Histogram.Internal<string>>,
  histogram: Histogram,
  ...labels: string[]
): Histogram.Internal<string> {
  const name = labels.join(" ");
  const known = children.get(name);
  if (known !== undefined) return known;
  const made = histogram.labels(...labels);
  children.set(name, made);
  return made;
}
