import type { UsageAnswer, UsageReport } from "@endcap/protocol";
import type { Database, Queryable } from "../postgres/database.ts";
import { billedBy, sumBy, type UsageSum } from "./sum-up.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A gateway speaks every five seconds. */
const LIVE_MS = 15_000;
const MINUTES_KEPT_MS = 2 * DAY_MS;
/** Longer than a gateway can be away and come back with what it could not deliver. */
const SOURCES_KEPT_MS = 400 * DAY_MS;
const TOTALS_MAX = 5_000;
/** Names the advisory lock of the intake. */
const INTAKE_LOCK = 0x75_73_61_67;

export interface UsageIntake {
  /** Keeps what is new of the report, all of it or nothing, and answers what the gateway asked for. */
  take(report: UsageReport, group: string): Promise<UsageAnswer>;
}

/**
 * At least once on the wire, exactly once here: the source's `through` moves in the transaction that adds the records up.
 * Reports are taken one after the other, so that revisions become visible in their own order and a gateway's cursor
 * never passes one that is still on its way.
 */
export function createUsageIntake(db: Database, now: () => number): UsageIntake {
  let prunedAt = 0;

  return {
    async take(report, group) {
      const at = now();
      const answer = await db.transaction(async (tx) => {
        await tx.query("SELECT pg_advisory_xact_lock($1)", [INTAKE_LOCK]);
        const known = await throughOf(tx, report, group, at);
        const fresh = report.records.filter(({ sequence }) => sequence > known);
        const through = fresh.reduce((most, { sequence }) => Math.max(most, sequence), known);
        if (fresh.length > 0) {
          await addSums(tx, "usage_minutes", "minute", "timestamptz", sumBy(fresh, MINUTE_MS));
          await addSums(tx, "usage_days", "day", "date", sumBy(fresh, DAY_MS));
          await addMonths(tx, billedBy(fresh));
          await tx.query("UPDATE usage_sources SET through = $2 WHERE source = $1", [report.source, through]);
        }
        await hear(tx, report, group, at);
        return { through, ...(await totalsSince(tx, report)), gateways: await countLive(tx, group, at) };
      });
      if (at - prunedAt > DAY_MS / 24) {
        prunedAt = at;
        await db.query("DELETE FROM usage_minutes WHERE minute < $1", [new Date(at - MINUTES_KEPT_MS)]);
        await db.query("DELETE FROM usage_sources WHERE heard_at < $1", [new Date(at - SOURCES_KEPT_MS)]);
      }
      return answer;
    },
  };
}

async function throughOf(tx: Queryable, { source, reporter }: UsageReport, group: string, at: number): Promise<number> {
  // An earlier run's records may come from a later one: it lives no more, and takes no share.
  const { rows } = await tx.query<{ through: number }>(
    `INSERT INTO usage_sources AS kept (source, gateway_group, heard_at, left_at) VALUES ($1, $2, $3, $3)
     ON CONFLICT (source) DO UPDATE SET left_at = CASE WHEN $4 THEN kept.left_at ELSE $3 END RETURNING through`,
    [source, group, new Date(at), source === reporter],
  );
  return rows[0]?.through ?? 0;
}

async function hear(tx: Queryable, report: UsageReport, group: string, at: number): Promise<void> {
  await tx.query(
    `INSERT INTO usage_sources (source, gateway_group, heard_at, left_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (source) DO UPDATE SET heard_at = excluded.heard_at, left_at = excluded.left_at`,
    [report.reporter, group, new Date(at), report.leaving ? new Date(at) : null],
  );
}

async function addSums(tx: Queryable, table: string, time: string, type: string, sums: UsageSum[]): Promise<void> {
  await tx.query(
    `INSERT INTO ${table} AS kept (tenant_id, env, ${time}, route, status, code, requests, events, ms, latency)
     SELECT tenant, env, at::${type}, route, status, code, requests, events, ms,
            ARRAY(SELECT value::bigint FROM jsonb_array_elements_text(latency))
     FROM jsonb_to_recordset($1) AS s(tenant text, env text, at text, route text, status integer, code text,
                                      requests bigint, events bigint, ms bigint, latency jsonb)
     ON CONFLICT (tenant_id, env, ${time}, route, status, code) DO UPDATE SET
       requests = kept.requests + excluded.requests, events = kept.events + excluded.events,
       ms = kept.ms + excluded.ms, latency = add_counts(kept.latency, excluded.latency)`,
    [JSON.stringify(sums)],
  );
}

async function addMonths(tx: Queryable, months: ReturnType<typeof billedBy>): Promise<void> {
  await tx.query(
    `INSERT INTO usage_months AS kept (tenant_id, month, events, revision)
     SELECT tenant, month, events, nextval('usage_revisions')
     FROM jsonb_to_recordset($1) AS m(tenant text, month text, events bigint)
     ON CONFLICT (tenant_id, month) DO UPDATE SET
       events = kept.events + excluded.events, revision = nextval('usage_revisions')`,
    [JSON.stringify(months)],
  );
}

async function totalsSince(tx: Queryable, { month, cursor }: UsageReport) {
  const { rows } = await tx.query<{ tenant: string; events: number; revision: number }>(
    `SELECT tenant_id AS tenant, events, revision FROM usage_months
     WHERE month = $1 AND revision > $2 ORDER BY revision LIMIT $3`,
    [month, cursor, TOTALS_MAX],
  );
  return {
    totals: rows.map(({ tenant, events }) => ({ tenant, events })),
    cursor: rows.at(-1)?.revision ?? cursor,
    more: rows.length === TOTALS_MAX,
  };
}

async function countLive(tx: Queryable, group: string, at: number): Promise<number> {
  const { rows } = await tx.query<{ live: number }>(
    "SELECT count(*) AS live FROM usage_sources WHERE gateway_group = $1 AND left_at IS NULL AND heard_at > $2",
    [group, new Date(at - LIVE_MS)],
  );
  return Math.max(1, rows[0]?.live ?? 1);
}
