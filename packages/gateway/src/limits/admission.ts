import { EndcapError } from "@endcap/protocol";
import type { FastifyReply } from "fastify";
import type { TenantContext } from "../tenants/tenant-context.ts";
import { Gcra } from "./gcra.ts";

/** What a tenant has in use. It outlives changes of the tenant. */
export interface TenantLoad {
  readonly rate: Gcra;
  inFlight: number;
}

export function newTenantLoad(): TenantLoad {
  return { rate: new Gcra(), inFlight: 0 };
}

/**
 * `gateways` share a tenant's limits by halves, thirds and so on: what one of them lets through is its part alone.
 * Counts the request against its tenant's limits, until the response is closed. The RateLimit fields are those of
 * draft-ietf-httpapi-ratelimit-headers-10: quota `q` in a window of `w` seconds, `r` left, `t` seconds to a whole quota.
 * @throws EndcapError `rate_limited`, `concurrency_limited`
 */
export function admit({ tenant, load }: TenantContext, reply: FastifyReply, now: number, gateways = 1): void {
  const { limits } = tenant;
  const { allowed, remaining, waitMs } = load.rate.take(limits, now, gateways);
  const waitSeconds = Math.ceil(waitMs / 1000);
  const windowSeconds = Math.max(1, Math.ceil(limits.burst / limits.requestsPerSecond));
  reply.header(
    "ratelimit-policy",
    `"requests";q=${Math.max(1, Math.floor(limits.burst / gateways))};w=${windowSeconds}`,
  );
  reply.header("ratelimit", `"requests";r=${remaining};t=${waitSeconds}`);
  if (!allowed) {
    reply.header("retry-after", String(Math.max(1, waitSeconds)));
    throw new EndcapError("rate_limited");
  }
  if (load.inFlight >= limits.inFlightMax / gateways) throw new EndcapError("concurrency_limited");
  load.inFlight += 1;
  reply.raw.once("close", () => {
    load.inFlight -= 1;
  });
}
