import { EndcapError } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import type { TenantUsage } from "../metering/tenant-usage.ts";
import type { SharedRates } from "../shared/shared-rates.ts";
import type { TenantUse } from "../tenants/tenant-context.ts";
import type { RateLimit, RateVerdict } from "./gcra.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Where the request counts as in flight. */
    occupied: TenantUsage | null;
  }
}

export interface AdmissionOptions {
  /** How many gateways share a tenant's limits by halves, thirds and so on: what one lets through is its part alone. */
  readonly gateways: () => number;
  /** Tokens of a bucket that all gateways share; absent: each has its part. */
  readonly rates: SharedRates | undefined;
}

export interface Admission {
  /**
   * Counts the request against its tenant's limits, until it leaves. The RateLimit fields are those of
   * `RATE_LIMIT_DRAFT`: quota `q` in a window of `w` seconds, `r` left, `t` seconds to a whole quota.
   * @returns why not, `rate_limited` or `concurrency_limited`: thrown, it would be a twelfth of what a refusal costs
   */
  admit(context: TenantUse, request: FastifyRequest, now: number): EndcapError | undefined;
  /**
   * Why a request that is not proven yet would be refused: nothing is counted for it.
   * @returns undefined also where only the other gateways know
   */
  foresee(context: TenantUse, request: FastifyRequest, now: number): EndcapError | undefined;
  /** The request is over. */
  leave(request: FastifyRequest): void;
}

/** Made once: taking the stack of each refusal would be a tenth of what it costs. */
const rateLimited = new EndcapError("rate_limited");
const concurrencyLimited = new EndcapError("concurrency_limited");

export function createAdmission({ gateways, rates }: AdmissionOptions): Admission {
  return {
    admit(context, request, now) {
      const { usage, limits } = context;
      const parts = gateways();
      const own = usage.take(limits, now, parts);
      const verdict = rates?.take(context, own) ?? own;
      tellRate(request, limits, verdict, parts);
      if (!verdict.allowed) return rateLimited;
      if (usage.inFlight >= limits.inFlightMax / parts) return concurrencyLimited;
      usage.inFlight += 1;
      request.occupied = usage;
      return undefined;
    },
    foresee({ usage, limits }, request, now) {
      if (rates !== undefined) return undefined;
      const parts = gateways();
      const verdict = usage.peek(limits, now, parts);
      if (verdict.allowed) return undefined;
      tellRate(request, limits, verdict, parts);
      return rateLimited;
    },
    leave(request) {
      if (request.occupied === null) return;
      request.occupied.inFlight -= 1;
      request.occupied = null;
    },
  };
}

function tellRate(
  { answerFields }: FastifyRequest,
  { requestsPerSecond, burst }: RateLimit,
  { allowed, remaining, waitMs, isShared = false }: RateVerdict & { readonly isShared?: boolean },
  parts: number,
): void {
  const quota = isShared ? burst : Math.max(1, Math.floor(burst / parts));
  const waitSeconds = Math.ceil(waitMs / 1000);
  const windowSeconds = Math.max(1, Math.ceil(burst / requestsPerSecond));
  answerFields.push("ratelimit-policy", `"requests";q=${quota};w=${windowSeconds}`);
  answerFields.push("ratelimit", `"requests";r=${remaining};t=${waitSeconds}`);
  if (!allowed) answerFields.push("retry-after", String(Math.max(1, waitSeconds)));
}
