import type { SnapshotUpstream } from "@endcap/protocol";
import { describeConfig } from "@endcap/service-kit";
import { type GatewayConfig, gatewayConfig } from "../config.ts";
import type { Upstream, Upstreams } from "../forward/upstreams.ts";
import type { SnapshotSource } from "../snapshot-source.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { TenantContext } from "../tenants/tenant-context.ts";

export interface OverviewOptions {
  readonly config: GatewayConfig;
  readonly snapshot: SnapshotSource;
  readonly directory: TenantDirectory;
  readonly upstreams: Upstreams;
}

/** Rows of one table; a gateway may know a hundred thousand of either. */
const rowsMax = 100;

/** What this gateway is doing right now, for an operator's eyes. No secret is in it. */
export function overview({ config, snapshot, directory, upstreams }: OverviewOptions) {
  const { state } = snapshot;
  const inUse = [...directory.inUse()].sort((a, b) => b.load.inFlight - a.load.inFlight);
  const opened = [...upstreams.opened()].sort((a, b) => Number(b.breaker.open) - Number(a.breaker.open));
  const called = new Set(opened.map(({ id }) => id));
  const asleep = [...(state?.upstreams.values() ?? [])].filter(({ id }) => !called.has(id));
  const upstreamRows = [...opened.map(upstreamRow), ...asleep.slice(0, rowsMax).map(asleepRow)];
  return {
    snapshot: {
      from: config.snapshotFile ?? config.controlUrl ?? config.nodeDir,
      version: state?.version ?? null,
      ageMs: Math.round(snapshot.ageMs()),
      fault: snapshot.fault ?? null,
    },
    upstreams: { count: upstreams.count, rows: upstreamRows.slice(0, rowsMax) },
    tenants: {
      count: directory.tenantCount,
      inUse: inUse.length,
      rows: inUse.slice(0, rowsMax).map(tenantRow),
    },
    config: describeConfig({ spec: gatewayConfig, config, sources: {} }).map(({ key, value }) => ({ key, value })),
  };
}

export type Overview = ReturnType<typeof overview>;

function upstreamRow({ id, kind, origin, breaker, pool, canary }: Upstream) {
  const { connected, running, queued } = pool.stats;
  return { id, kind, url: origin, breaker: breaker.open ? "open" : "closed", connected, running, queued, canary };
}

/** One that was never called yet. */
function asleepRow({ id, kind, url, canary }: SnapshotUpstream) {
  return { id, kind, url, breaker: "closed", connected: 0, running: 0, queued: 0, canary };
}

function tenantRow({ id, tenant: { slug, tier, state, routes, limits }, load: { inFlight } }: TenantContext) {
  return { id, slug, tier, state, routes, limits, inFlight };
}
