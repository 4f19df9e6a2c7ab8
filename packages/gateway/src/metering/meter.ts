import type { ErrorCode, Principal, Tier } from "@endcap/protocol";
import { Counter, type Registry } from "prom-client";
import { emptyRow, latencyClass, type UsageRow } from "./usage-row.ts";

export interface Meter {
  /**
   * One completed request of a proven caller.
   * @param pattern the route's
   * @param code of the error that was answered
   */
  complete(
    principal: Principal,
    method: string,
    pattern: string,
    status: number,
    code: ErrorCode | undefined,
    ms: number,
  ): void;
  /** Events that the collector says it accepted, never what was sent. */
  accepted(principal: Principal, answer: unknown): void;
  /** Everything counted since the last call, in whole milliseconds. */
  drain(): UsageRow[];
  /** Events by tenant and environment that were accepted here since the process started. */
  usage(): { tenant: string; env: Principal["env"]; events: number }[];
}

interface Cell extends UsageRow {
  readonly method: string;
  readonly pattern: string;
}

const eventsRoute = "/v1/events";
const environments = ["live", "test"] as const;

/**
 * Counts in memory; nothing here waits or touches a disk. A tenant's window holds a handful of cells, so a request finds
 * its own by one look-up of the tenant and a few comparisons of the same string objects.
 */
export function createMeter(
  registry: Registry,
  now: () => number,
  onEvents: (tenant: string, events: number) => void,
): Meter {
  let cells = new Map<string, Cell[]>();
  let windowAt = now();
  const lifetime: Record<Principal["env"], Map<string, number>> = { live: new Map(), test: new Map() };
  const accepted: Record<Principal["env"], Map<Tier, number>> = { live: new Map(), test: new Map() };
  // By tier, not by tenant: a label must not grow with the number of customers. Tenants are in their usage records.
  new Counter({
    name: "endcap_events_accepted_total",
    help: "events that collectors accepted",
    labelNames: ["env", "tier"],
    registers: [registry],
    collect() {
      this.reset();
      for (const env of environments) for (const [tier, events] of accepted[env]) this.inc({ env, tier }, events);
    },
  });

  function cellOf(
    { tenant, env }: Principal,
    method: string,
    pattern: string,
    status: number,
    code: string | undefined,
  ): Cell {
    let own = cells.get(tenant);
    if (own === undefined) {
      own = [];
      cells.set(tenant, own);
    }
    for (const cell of own) {
      if (
        cell.status === status &&
        cell.pattern === pattern &&
        cell.method === method &&
        cell.env === env &&
        cell.code === code
      ) {
        return cell;
      }
    }
    const row = emptyRow({ tenant, env, route: `${method} ${pattern}`, status, code }, windowAt);
    const cell: Cell = { ...row, method, pattern };
    own.push(cell);
    return cell;
  }

  return {
    complete(principal, method, pattern, status, code, ms) {
      const cell = cellOf(principal, method, pattern, status, code);
      cell.requests += 1;
      cell.ms += ms;
      const at = latencyClass(ms);
      cell.latency[at] = (cell.latency[at] ?? 0) + 1;
    },
    accepted(principal, answer) {
      const events = acceptedOf(answer);
      if (events === 0) return;
      const { tenant, env, tier } = principal;
      accepted[env].set(tier, (accepted[env].get(tier) ?? 0) + events);
      cellOf(principal, "POST", eventsRoute, 202, undefined).events += events;
      if (env === "live") onEvents(tenant, events);
      lifetime[env].set(tenant, (lifetime[env].get(tenant) ?? 0) + events);
    },
    drain() {
      const drained = [...cells.values()].flat();
      cells = new Map();
      windowAt = now();
      return drained.map(({ method: _, pattern: __, ...row }) => ({ ...row, ms: Math.round(row.ms) }));
    },
    usage: () => environments.flatMap((env) => [...lifetime[env]].map(([tenant, events]) => ({ tenant, env, events }))),
  };
}

function acceptedOf(answer: unknown): number {
  if (typeof answer !== "object" || answer === null || !("accepted" in answer)) return 0;
  const { accepted } = answer;
  return typeof accepted === "number" && Number.isSafeInteger(accepted) && accepted > 0 ? accepted : 0;
}
