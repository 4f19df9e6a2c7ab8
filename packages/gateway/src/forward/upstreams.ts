import { EndcapError, type SnapshotUpstream } from "@endcap/protocol";
import type { SnapshotState } from "@endcap/service-kit";
import { Pool } from "undici";
import type { TenantContext } from "../tenants/tenant-context.ts";

export interface Upstream {
  readonly id: string;
  readonly kind: SnapshotUpstream["kind"];
  readonly origin: string;
  readonly pool: Pool;
}

export interface Upstreams {
  apply(state: SnapshotState): void;
  /**
   * Where the tenant's requests of a kind go.
   * @throws EndcapError `not_ready` while the tenant has no recommender, `upstream_unavailable` for a route into nothing
   */
  of(tenant: TenantContext, kind: SnapshotUpstream["kind"]): Upstream;
  readonly count: number;
  close(): Promise<void>;
}

export interface UpstreamsOptions {
  readonly connectionsMax: number;
  readonly answerMsMax: number;
}

const connectMsMax = 2_000;

/** One pool of connections for each upstream of the snapshot. */
export function createUpstreams({ connectionsMax, answerMsMax }: UpstreamsOptions): Upstreams {
  const upstreams = new Map<string, Upstream>();
  const closing = new Set<Promise<void>>();

  function retire({ pool }: Upstream): void {
    // Requests in flight finish; a route that has moved loses none.
    const closed = pool.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function open({ id, kind, url }: SnapshotUpstream): Upstream {
    const pool = new Pool(url, {
      connections: connectionsMax,
      connect: { timeout: connectMsMax, rejectUnauthorized: true },
      headersTimeout: answerMsMax,
      bodyTimeout: answerMsMax,
      // Shorter than what our services keep, so that it is we who close an idle connection and never race them.
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
    });
    return { id, kind, origin: url, pool };
  }

  return {
    apply(state) {
      for (const [id, upstream] of upstreams) {
        const next = state.upstreams.get(id);
        if (next?.url === upstream.origin && next.kind === upstream.kind) continue;
        upstreams.delete(id);
        retire(upstream);
      }
      for (const [id, upstream] of state.upstreams) if (!upstreams.has(id)) upstreams.set(id, open(upstream));
    },
    of({ tenant }, kind) {
      const id = tenant.routes[kind];
      if (id === null) throw new EndcapError("not_ready", { internal: `the tenant has no ${kind} yet` });
      const upstream = upstreams.get(id);
      if (upstream === undefined) throw new EndcapError("upstream_unavailable", { internal: `no upstream ${id}` });
      return upstream;
    },
    get count() {
      return upstreams.size;
    },
    async close() {
      for (const upstream of upstreams.values()) retire(upstream);
      upstreams.clear();
      await Promise.all(closing);
    },
  };
}
