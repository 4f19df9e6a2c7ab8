import type { ErrorCode, Principal, Tier } from "@endcap/protocol";
import { Counter, type Registry } from "prom-client";
import { type Cell, countEvents, countRequest, giveBack, type RowKind, takePlace, takeRow } from "./cells.ts";
import type { Ledger } from "./ledger.ts";
import type { TenantUsage } from "./tenant-usage.ts";
import type { UsageRow } from "./usage-row.ts";

export interface Meter {
  /** Where the tenant's requests are counted; ask once for a tenant and keep it. */
  of(tenant: string): TenantUsage;
  /**
   * One completed request of a proven caller.
   * @param pattern the route's
   * @param code of the error that was answered
   */
  complete(
    usage: TenantUsage,
    env: Principal["env"],
    method: string,
    pattern: string,
    status: number,
    code: ErrorCode | undefined,
    ms: number,
  ): void;
  /** Events that the collector says it accepted, never what was sent. */
  accepted(usage: TenantUsage, principal: Principal, answer: unknown): void;
  /** What was counted of those tenants that wait for it longest, of `tenantsMax` at most. */
  drain(tenantsMax: number): UsageRow[];
  /** Tenants that were counted since the process started. */
  readonly tenants: number;
  /** Events by tenant and environment that were accepted here since the process started. */
  usage(): { tenant: string; env: Principal["env"]; events: number }[];
}

const eventsRoute = "/v1/events";
const environments = ["live", "test"] as const;

/** Counts in memory; nothing here waits or touches a disk. */
export function createMeter(registry: Registry, now: () => number, ledger: Pick<Ledger, "of">): Meter {
  const usages = new Map<string, TenantUsage>();
  const kinds = new Map<string, RowKind[]>();
  /** Those with counts, in the order of their first one. */
  const waiting: TenantUsage[] = [];
  let windowAt = now();
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

  /** One object of those that are alike: as many as there are routes with an outcome each. */
  function kindOf(
    env: Principal["env"],
    method: string,
    pattern: string,
    status: number,
    code: string | undefined,
  ): RowKind {
    let ofPattern = kinds.get(pattern);
    if (ofPattern === undefined) {
      ofPattern = [];
      kinds.set(pattern, ofPattern);
    }
    for (const kind of ofPattern)
      if (kind.status === status && kind.method === method && kind.env === env && kind.code === code) return kind;
    const kind = { env, method, pattern, route: `${method} ${pattern}`, status, code };
    ofPattern.push(kind);
    return kind;
  }

  function cellOf(usage: TenantUsage, kind: RowKind): Cell {
    if (!usage.waits) {
      usage.waits = true;
      waiting.push(usage);
    }
    usage.kind ??= kind;
    if (usage.kind === kind) return usage;
    for (let cell = usage.next; cell !== undefined; cell = cell.next) if (cell.kind === kind) return cell;
    const { block, at } = takePlace();
    usage.next = { kind, block, at, next: usage.next };
    return usage.next;
  }

  /** Takes its counts, which begin anew. What was not counted since the last time is forgotten: a tenant rests. */
  function takeRows(usage: TenantUsage, rows: UsageRow[]): void {
    const { tenant, tier } = usage;
    const own = takeRow(usage, tenant, tier);
    if (own === undefined) usage.kind = undefined;
    else rows.push(own);
    let kept: Cell | undefined;
    for (let cell = usage.next; cell !== undefined; ) {
      const { next } = cell;
      const row = takeRow(cell, tenant, tier);
      if (row === undefined) giveBack(cell);
      else {
        rows.push(row);
        cell.next = kept;
        kept = cell;
      }
      cell = next;
    }
    usage.next = kept;
    usage.waits = false;
  }

  return {
    of(tenant) {
      let usage = usages.get(tenant);
      if (usage === undefined) {
        usage = ledger.of(tenant);
        usages.set(tenant, usage);
      }
      return usage;
    },
    complete(usage, env, method, pattern, status, code, ms) {
      countRequest(cellOf(usage, kindOf(env, method, pattern, status, code)), windowAt, ms);
    },
    accepted(usage, { env, tier }, answer) {
      const events = acceptedOf(answer);
      if (events === 0) return;
      accepted[env].set(tier, (accepted[env].get(tier) ?? 0) + events);
      countEvents(cellOf(usage, kindOf(env, "POST", eventsRoute, 202, undefined)), windowAt, events);
      if (env === "live") {
        usage.unreported += events;
        usage.acceptedLive += events;
      } else usage.acceptedTest += events;
    },
    drain(tenantsMax) {
      windowAt = now();
      const rows: UsageRow[] = [];
      for (const usage of waiting.splice(0, tenantsMax)) takeRows(usage, rows);
      return rows;
    },
    get tenants() {
      return usages.size;
    },
    usage: () =>
      environments.flatMap((env) =>
        [...usages.values()]
          .map(({ tenant, acceptedLive, acceptedTest }) => ({
            tenant,
            env,
            events: env === "live" ? acceptedLive : acceptedTest,
          }))
          .filter(({ events }) => events > 0),
      ),
  };
}

function acceptedOf(answer: unknown): number {
  if (typeof answer !== "object" || answer === null || !("accepted" in answer)) return 0;
  const { accepted } = answer;
  return typeof accepted === "number" && Number.isSafeInteger(accepted) && accepted > 0 ? accepted : 0;
}
