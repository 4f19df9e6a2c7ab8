import { TIERS, type Tier, type TierLimits } from "@endcap/protocol";
import type { Database } from "../postgres/database.ts";
import { quantileMs } from "./latency.ts";
import type { TenantUsage, UsageByRoute } from "./model.ts";

const HOUR_MS = 3_600_000;
const SECONDS_OF_AN_HOUR = 3_600;

// Counts as float8, because pg hands the elements of a bigint array over as text.
/** `$1` is the month. */
const DAYS_OF_MONTH = "day >= ($1 || '-01')::date AND day < ($1 || '-01')::date + interval '1 month'";

interface UsageRow {
  tenant: string;
  slug: string;
  tier: Tier | null;
  limits: Partial<TierLimits> | null;
  events: number;
  test_events: number;
  requests: number;
}

interface RecentRow {
  tenant: string;
  status: number;
  requests: number;
  events: number;
  latency: number[];
}

export interface UsageReader {
  /** Every tenant of the month, the living ones also without usage; by tenant id, one when it is named. */
  month(month: string, tenantId?: string): Promise<TenantUsage[]>;
  byRoute(month: string, tenantId: string): Promise<UsageByRoute[]>;
}

export function createUsageReader(db: Database, now: () => number): UsageReader {
  /** Live requests since then, by tenant and status. */
  async function recently(since: number, tenantId: string | undefined): Promise<Map<string, RecentRow[]>> {
    const { rows } = await db.query<RecentRow>(
      `SELECT tenant_id AS tenant, status, sum(requests)::bigint AS requests, sum(events)::bigint AS events,
              sum_counts(latency)::float8[] AS latency
       FROM usage_minutes
       WHERE env = 'live' AND minute > $1 AND ($2::text IS NULL OR tenant_id = $2) GROUP BY tenant_id, status`,
      [new Date(since), tenantId ?? null],
    );
    return Map.groupBy(rows, ({ tenant }) => tenant);
  }

  return {
    async month(month, tenantId) {
      const { rows } = await db.query<UsageRow>(
        `SELECT coalesce(t.id, d.id, u.tenant_id) AS tenant, coalesce(t.slug, d.slug, '-') AS slug, t.tier, t.limits,
                coalesce(u.events, 0)::bigint AS events, coalesce(u.test_events, 0)::bigint AS test_events,
                coalesce(u.requests, 0)::bigint AS requests
         FROM (SELECT * FROM tenants WHERE state <> 'deleting') t
         FULL JOIN (SELECT tenant_id, sum(events) FILTER (WHERE env = 'live') AS events,
                           sum(events) FILTER (WHERE env = 'test') AS test_events,
                           sum(requests) FILTER (WHERE env = 'live') AS requests
                    FROM usage_days WHERE ${DAYS_OF_MONTH} GROUP BY tenant_id) u ON u.tenant_id = t.id
         LEFT JOIN deleted_tenants d ON d.id = u.tenant_id
         WHERE $2::text IS NULL OR coalesce(t.id, u.tenant_id) = $2
         ORDER BY events DESC, tenant`,
        [month, tenantId ?? null],
      );
      const recent = await recently(now() - HOUR_MS, tenantId);
      return rows.map((row) => ({
        tenant: row.tenant,
        slug: row.slug,
        month,
        events: row.events,
        eventsPerMonth: row.tier === null ? null : { ...TIERS[row.tier].limits, ...row.limits }.eventsPerMonth,
        testEvents: row.test_events,
        requests: row.requests,
        lastHour: lastHour(recent.get(row.tenant) ?? []),
      }));
    },
    async byRoute(month, tenantId) {
      const { rows } = await db.query<Omit<UsageByRoute, "meanMs" | "p99Ms"> & { ms: number; latency: number[] }>(
        `SELECT env, route, status, code, sum(requests)::bigint AS requests, sum(events)::bigint AS events,
                sum(ms)::bigint AS ms, sum_counts(latency)::float8[] AS latency
         FROM usage_days WHERE ${DAYS_OF_MONTH} AND tenant_id = $2
         GROUP BY env, route, status, code ORDER BY env, route, status, code`,
        [month, tenantId],
      );
      return rows.map(({ ms, latency, code, ...row }) => ({
        ...row,
        ...(code !== "" && { code }),
        meanMs: row.requests === 0 ? 0 : ms / row.requests,
        p99Ms: quantileMs(latency, 0.99),
      }));
    },
  };
}

function lastHour(rows: readonly RecentRow[]): TenantUsage["lastHour"] {
  const sum = (of: readonly RecentRow[], key: "requests" | "events") => of.reduce((all, row) => all + row[key], 0);
  const latency = rows.reduce<number[]>((all, row) => addLatency(all, row.latency), []);
  const requests = sum(rows, "requests");
  return {
    requests,
    events: sum(rows, "events"),
    requestsPerSecond: requests / SECONDS_OF_AN_HOUR,
    refused: sum(
      rows.filter(({ status }) => status >= 400 && status < 500),
      "requests",
    ),
    failed: sum(
      rows.filter(({ status }) => status >= 500),
      "requests",
    ),
    p50Ms: quantileMs(latency, 0.5),
    p99Ms: quantileMs(latency, 0.99),
  };
}

function addLatency(a: readonly number[], b: readonly number[]): number[] {
  return b.map((count, place) => count + (a[place] ?? 0));
}
