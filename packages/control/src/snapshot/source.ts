import type { RevokedSession, SnapshotUpstream } from "@endcap/protocol";
import type { Static } from "typebox";
import type { Database, Queryable } from "../postgres/database.ts";
import type { TenantReader, TenantState } from "./tenant-state.ts";

/** Tenants of one part of a full snapshot, and of one page read from the database. */
const PART_TENANTS = 500;

export interface SnapshotPart {
  readonly tenants: readonly TenantState[];
  readonly upstreams: readonly SnapshotUpstream[];
  readonly revokedSessions: readonly Static<typeof RevokedSession>[];
}

/** The state of everything that changed up to `version`; what is newer comes again with its own. */
export interface SnapshotChange extends SnapshotPart {
  readonly version: number;
  readonly removedTenants: readonly string[];
  readonly removedUpstreams: readonly string[];
}

export interface SnapshotSource {
  version(): Promise<number>;
  /** Everything, in parts, of one moment. Answers the version of that moment; nothing is held in memory as a whole. */
  full(onBegin: (version: number) => Promise<void>, onPart: (part: SnapshotPart) => Promise<void>): Promise<number>;
  /** `version`: the newest that the ids come from. */
  change(version: number, tenantIds: readonly string[], upstreamIds: readonly string[]): Promise<SnapshotChange>;
}

export function createSnapshotSource(db: Database, reader: TenantReader): SnapshotSource {
  /** All reads of `work` see one moment. */
  const atOneMoment = <T>(work: (tx: Queryable, version: number) => Promise<T>): Promise<T> =>
    db.transaction(async (tx) => {
      await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      return work(tx, await versionOf(tx));
    });

  return {
    version: () => versionOf(db),
    full: (onBegin, onPart) =>
      atOneMoment(async (tx, version) => {
        await onBegin(version);
        await onPart({ tenants: [], upstreams: await upstreamsOf(tx), revokedSessions: await revokedOf(tx) });
        for (let afterId = ""; ; ) {
          const tenants = await reader.page(tx, afterId, PART_TENANTS);
          const last = tenants.at(-1);
          if (last === undefined) return version;
          await onPart({ tenants, upstreams: [], revokedSessions: [] });
          afterId = last.tenant.id;
        }
      }),
    change: (version, tenantIds, upstreamIds) =>
      atOneMoment(async (tx) => {
        const tenants = await reader.byIds(tx, tenantIds);
        const upstreams = (await upstreamsOf(tx)).filter(({ id }) => upstreamIds.includes(id));
        return {
          version,
          tenants,
          upstreams,
          revokedSessions: await revokedOf(tx, tenantIds),
          removedTenants: tenantIds.filter((id) => !tenants.some(({ tenant }) => tenant.id === id)),
          removedUpstreams: upstreamIds.filter((id) => !upstreams.some((upstream) => upstream.id === id)),
        };
      }),
  };
}

async function versionOf(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ version: number }>("SELECT version FROM snapshot_version");
  return rows[0]?.version ?? 0;
}

async function upstreamsOf(tx: Queryable): Promise<SnapshotUpstream[]> {
  return (await tx.query<SnapshotUpstream>("SELECT id, kind, url FROM upstreams ORDER BY id")).rows;
}

async function revokedOf(tx: Queryable, tenantIds?: readonly string[]): Promise<SnapshotPart["revokedSessions"]> {
  const { rows } = await tx.query<{ jti: string; until: Date }>(
    `SELECT jti, until FROM revoked_sessions WHERE until > now() AND ($1::text[] IS NULL OR tenant_id = ANY($1))`,
    [tenantIds ?? null],
  );
  return rows.map(({ jti, until }) => ({ jti, until: until.getTime() }));
}
