import { EndcapError, QUOTA_SOFT_SHARE } from "@endcap/protocol";
import type { FastifyReply } from "fastify";
import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import { addToField } from "../edge/answer-fields.ts";
import type { Ledger } from "../metering/ledger.ts";
import { eventsOf } from "../metering/tenant-usage.ts";
import type { TenantUse } from "../tenants/tenant-context.ts";

export interface Quota {
  /**
   * Holds a request that brings live events against its tenant's month. Past the soft threshold the answer says what is
   * left; at the hard one it is a refusal.
   * @throws EndcapError `quota_exceeded`
   */
  check(tenant: TenantUse, reply: FastifyReply, now: number): void;
}

const quotaExceeded = new EndcapError("quota_exceeded");

/** An operator may grant more at any time, so nobody is sent away until the month ends. */
const retrySecondsMax = 3_600;

export function createQuota(ledger: Pick<Ledger, "month">, log: Logger, registry: Registry): Quota {
  const noted = { soft: new Map<string, string>(), hard: new Map<string, string>() };
  const crossed = new Counter({
    name: "endcap_quota_crossed_total",
    help: "tenants that went over a threshold of their month's events",
    labelNames: ["tier", "threshold"],
    registers: [registry],
  });

  /** Once a tenant, month and threshold. */
  function note({ id, tier, limits }: TenantUse, threshold: "soft" | "hard", used: number): void {
    if (noted[threshold].get(id) === ledger.month) return;
    noted[threshold].set(id, ledger.month);
    crossed.inc({ tier, threshold });
    const { eventsPerMonth } = limits;
    log.warn({ tenant: id, tier, threshold, used, eventsPerMonth }, "the month's quota of events runs out");
  }

  return {
    check(context, reply, now) {
      const { eventsPerMonth } = context.limits;
      const used = eventsOf(context.usage);
      if (used < eventsPerMonth * QUOTA_SOFT_SHARE) return;
      const left = Math.max(0, eventsPerMonth - used);
      const seconds = secondsToNextMonth(now);
      addToField(reply.request, "ratelimit-policy", `"month";q=${eventsPerMonth};w=${secondsOfMonth(now)}`);
      addToField(reply.request, "ratelimit", `"month";r=${left};t=${seconds}`);
      note(context, "soft", used);
      if (left > 0) return;
      note(context, "hard", used);
      reply.header("retry-after", String(Math.min(seconds, retrySecondsMax)));
      throw quotaExceeded;
    },
  };
}

const startOfMonth = (now: number, ahead: number) => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead);
};
const secondsToNextMonth = (now: number) => Math.ceil((startOfMonth(now, 1) - now) / 1000);
const secondsOfMonth = (now: number) => (startOfMonth(now, 1) - startOfMonth(now, 0)) / 1000;
