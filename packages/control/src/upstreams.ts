import type { SnapshotUpstream } from "@endcap/protocol";
import type { Queryable } from "./postgres/database.ts";

/** The id under which a tenant's recommender is routed to. */
export function recommenderUpstream(tenantId: string): string {
  return `recommender.${tenantId}`;
}

/** Records where a service listens now. Writing what stands there already changes nothing and wakes nobody. */
export async function putUpstream(db: Queryable, upstream: SnapshotUpstream, tenantId?: string): Promise<void> {
  await db.query(
    `INSERT INTO upstreams (id, kind, url, tenant_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET url = excluded.url WHERE upstreams.url <> excluded.url`,
    [upstream.id, upstream.kind, upstream.url, tenantId ?? null],
  );
}
