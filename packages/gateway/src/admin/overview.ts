import type { SnapshotTenant, SnapshotUpstream } from "@endcap/protocol";
import { describeConfig } from "@endcap/service-kit";
import { type GatewayConfig, gatewayConfig } from "../config.ts";
import type { Upstream, Upstreams } from "../forward/upstreams.ts";
import { eventsOf } from "../metering/tenant-usage.ts";
import type { SnapshotSource } from "../snapshot-source.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { TenantContext } from "../tenants/tenant-context.ts";

export interface OverviewOptions {
  readonly config: GatewayConfig;
  readonly snapshot: SnapshotSource;
  readonly directory: TenantDirectory;
  readonly upstreams: Upstreams;
  /** Steps that are shed, 0 to 6. */
  readonly shedLevel: () => number;
  /** Gateways that share each tenant's limits. */
  readonly gateways: () => number;
  readonly draining: () => boolean;
  readonly now: () => number;
}

/** Rows of one table; a gateway may know a hundred thousand of either. */
const rowsMax = 100;

/** What this gateway is doing right now, for an operator's eyes. No secret is in it. */
export function overview(options: OverviewOptions) {
  const { config, snapshot, directory, upstreams, now } = options;
  const { state } = snapshot;
  const gateways = options.gateways();
  const opened = [...upstreams.opened()].sort((a, b) => Number(b.breaker.open) - Number(a.breaker.open));
  const called = new Set(opened.map(({ id }) => id));
  const asleep = firstOf(state?.upstreams.values() ?? [], ({ id }) => !called.has(id));
  const inUse = tenantsInUse(directory.inUse());
  return {
    draining: options.draining(),
    shedLevel: options.shedLevel(),
    gateways,
    snapshot: {
      from: config.snapshotFile ?? config.controlUrl ?? config.nodeDir,
      version: state?.version ?? null,
      ageMs: Math.round(snapshot.ageMs()),
      fault: snapshot.fault ?? null,
    },
    upstreams: {
      count: upstreams.count,
      rows: [...opened.slice(0, rowsMax).map(upstreamRow), ...asleep.map(asleepRow)].slice(0, rowsMax),
    },
    tenants: {
      count: directory.tenantCount,
      inUse: inUse.count,
      rows: inUse.first.flatMap((context) => {
        const tenant = directory.stored(context.id);
        return tenant === undefined ? [] : [tenantRow(tenant, context, now(), gateways)];
      }),
    },
    config: describeConfig({ spec: gatewayConfig, config, sources: {} }).map(({ key, value }) => ({ key, value })),
  };
}

export type Overview = ReturnType<typeof overview>;

/** As many as a table shows. */
function firstOf<Value>(values: Iterable<Value>, wanted: (value: Value) => boolean): Value[] {
  const found: Value[] = [];
  for (const value of values) {
    if (found.length === rowsMax) break;
    if (wanted(value)) found.push(value);
  }
  return found;
}

/** Those with most in flight first. Sorting a hundred thousand that are idle would hold up the requests of others. */
function tenantsInUse(contexts: Iterable<TenantContext>) {
  const busy: TenantContext[] = [];
  const idle: TenantContext[] = [];
  let count = 0;
  for (const context of contexts) {
    count += 1;
    if (context.usage.inFlight > 0) busy.push(context);
    else if (idle.length < rowsMax) idle.push(context);
  }
  busy.sort((a, b) => b.usage.inFlight - a.usage.inFlight);
  return { count, first: [...busy, ...idle].slice(0, rowsMax) };
}

function upstreamRow({ id, kind, origin, breaker, pool, canary }: Upstream) {
  const { connected, running, queued } = pool.stats;
  return { id, kind, url: origin, breaker: breaker.open ? "open" : "closed", connected, running, queued, canary };
}

/** One that was never called yet. */
function asleepRow({ id, kind, url, canary }: SnapshotUpstream) {
  return { id, kind, url, breaker: "closed", connected: 0, running: 0, queued: 0, canary };
}

function tenantRow(tenant: SnapshotTenant, { usage, limits }: TenantContext, now: number, gateways: number) {
  const { id, slug, tier, state, routes } = tenant;
  return { id, slug, tier, state, routes, limits, ...liveOf(usage, limits, now, gateways) };
}

/** How much of its limits a tenant has in use: tokens of the bucket that all gateways share, or of this gateway's part. */
export function liveOf(usage: TenantContext["usage"], limits: TenantContext["limits"], now: number, gateways: number) {
  const requestsLeft = usage.shared?.tokens ?? usage.left(limits, now, gateways);
  return { inFlight: usage.inFlight, requestsLeft, monthEvents: eventsOf(usage) };
}
