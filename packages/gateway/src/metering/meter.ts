import type { Principal } from "@endcap/protocol";
import { Counter, type Registry } from "prom-client";
import { emptyRow, latencyClass, type UsageRow } from "./usage-row.ts";

export interface Outcome {
  readonly method: string;
  /** The route's pattern. */
  readonly route: string;
  readonly status: number;
  /** Of the error that was answered. */
  readonly code: string | undefined;
  readonly ms: number;
}

export interface Meter {
  /** One completed request of a proven caller. */
  complete(principal: Principal, outcome: Outcome): void;
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
  const lifetime = new Map<string, { tenant: string; env: Principal["env"]; events: number }>();
  // By tier, not by tenant: a label must not grow with the number of customers. Tenants are in their usage records.
  const total = new Counter({
    name: "endcap_events_accepted_total",
    help: "events that collectors accepted",
    labelNames: ["env", "tier"],
    registers: [registry],
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
    complete(principal, { method, route, status, code, ms }) {
      const cell = cellOf(principal, method, route, status, code);
      cell.requests += 1;
      cell.ms += ms;
      const at = latencyClass(ms);
      cell.latency[at] = (cell.latency[at] ?? 0) + 1;
    },
    accepted(principal, answer) {
      const events = acceptedOf(answer);
      if (events === 0) return;
      const { tenant, env, tier } = principal;
      total.inc({ env, tier }, events);
      cellOf(principal, "POST", eventsRoute, 202, undefined).events += events;
      if (env === "live") onEvents(tenant, events);
      const name = `${tenant} ${env}`;
      const row = lifetime.get(name);
      if (row === undefined) lifetime.set(name, { tenant, env, events });
      else row.events += events;
    },
    drain() {
      const drained = [...cells.values()].flat();
      cells = new Map();
      windowAt = now();
      return drained.map(({ method: _, pattern: __, ...row }) => ({ ...row, ms: Math.round(row.ms) }));
    },
    usage: () => [...lifetime.values()].map((row) => ({ ...row })),
  };
}

function acceptedOf(answer: unknown): number {
  if (typeof answer !== "object" || answer === null || !("accepted" in answer)) return 0;
  const { accepted } = answer;
  return typeof accepted === "number" && Number.isSafeInteger(accepted) && accepted > 0 ? accepted : 0;
}
