import type { Principal } from "@endcap/protocol";
import { Counter, type Registry } from "prom-client";

export interface UsageRow {
  readonly tenant: string;
  readonly env: Principal["env"];
  /** Events that the collector accepted through this gateway since it started. */
  readonly events: number;
}

export interface Meter {
  /** Counts what the collector says it accepted, never what was sent. */
  count(principal: Principal, answer: unknown): void;
  usage(): UsageRow[];
}

export function createMeter(registry: Registry): Meter {
  const usage = new Map<string, { tenant: string; env: Principal["env"]; events: number }>();
  // By tier, not by tenant: a label must not grow with the number of customers. Tenants are in `usage`.
  const total = new Counter({
    name: "endcap_events_accepted_total",
    help: "events that collectors accepted",
    labelNames: ["env", "tier"],
    registers: [registry],
  });
  return {
    count({ tenant, env, tier }, answer) {
      const events = acceptedOf(answer);
      if (events === 0) return;
      total.inc({ env, tier }, events);
      const name = `${tenant} ${env}`;
      const row = usage.get(name);
      if (row === undefined) usage.set(name, { tenant, env, events });
      else row.events += events;
    },
    usage: () => [...usage.values()].map((row) => ({ ...row })),
  };
}

function acceptedOf(answer: unknown): number {
  if (typeof answer !== "object" || answer === null || !("accepted" in answer)) return 0;
  const { accepted } = answer;
  return typeof accepted === "number" && Number.isSafeInteger(accepted) && accepted > 0 ? accepted : 0;
}
