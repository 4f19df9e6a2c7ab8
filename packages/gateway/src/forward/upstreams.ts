import { type Canary, EndcapError, type Principal, type SnapshotUpstream } from "@endcap/protocol";
import type { SnapshotState } from "@endcap/service-kit";
import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import { Agent, Pool } from "undici";
import type { TenantUse } from "../tenants/tenant-context.ts";
import { Breaker } from "../upstreams/breaker.ts";
import { inShopperCanary, inTenantCanary } from "../upstreams/canary.ts";
import { houseConnect, strangerConnect, type TlsFiles } from "../upstreams/connect-options.ts";
import { watchHealth } from "../upstreams/health.ts";
import { isPublicHost } from "../upstreams/public-address.ts";
import { RetryBudget } from "../upstreams/retry-budget.ts";

export interface Upstream {
  readonly id: string;
  readonly kind: SnapshotUpstream["kind"];
  readonly origin: string;
  readonly pool: Pool;
  /** Is told how every call ended. */
  readonly breaker: Breaker;
  readonly retries: RetryBudget;
  readonly canary: Canary | undefined;
}

export interface Upstreams {
  apply(state: SnapshotState): void;
  /**
   * Where a call of the tenant's goes: to its route's upstream, or to a canary that it falls under.
   * @throws EndcapError `not_ready` while the tenant has no recommender, `upstream_unavailable` for a route into nothing
   * and while the upstream's breaker is open
   */
  of(tenant: TenantUse, kind: SnapshotUpstream["kind"], principal: Principal): Upstream;
  readonly count: number;
  /** Those that were called since they came or last moved. */
  opened(): Iterable<Upstream>;
  close(): Promise<void>;
}

export interface UpstreamsOptions {
  readonly connectionsMax: number;
  readonly answerMsMax: number;
  /** 0: calls alone tell how an upstream is. */
  readonly healthEveryMs: number;
  readonly tls: TlsFiles;
  readonly log: Logger;
  readonly registry: Registry;
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

interface Entry extends Upstream {
  canary: Canary | undefined;
  readonly stranger: boolean;
  used: boolean;
}

/**
 * One pool of connections, one breaker and one retry budget for each upstream that is called, made at its first call:
 * with a recommender for each tenant a change would otherwise cost what a hundred thousand of them do.
 */
export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { connectionsMax, answerMsMax, log, registry } = options;
  const { monotonic = () => performance.now(), random = Math.random } = options;
  const connect = houseConnect(options.tls);
  const entries = new Map<string, Entry>();
  let known: SnapshotState["upstreams"] = new Map();
  const retired = new Map<Entry, NodeJS.Timeout>();
  const closing = new Set<Promise<void>>();
  const probes = new Agent({ connections: 1, connect, headersTimeout: answerMsMax });

  const opened = new Counter({
    name: "endcap_breaker_opened_total",
    help: "upstreams that were given up for a while, by kind",
    labelNames: ["kind"],
    registers: [registry],
  });
  new Gauge({
    name: "endcap_upstreams",
    help: "upstreams known, by whether their breaker is open",
    labelNames: ["breaker"],
    registers: [registry],
    collect() {
      const open = [...entries.values()].filter(({ breaker }) => breaker.open).length;
      this.set({ breaker: "open" }, open);
      this.set({ breaker: "closed" }, known.size - open);
    },
  });

  function open({ id, kind, url, canary, tenantSupplied = false }: SnapshotUpstream): Entry {
    const pool = new Pool(url, {
      connections: connectionsMax,
      connect: tenantSupplied ? strangerConnect() : connect,
      headersTimeout: answerMsMax,
      bodyTimeout: answerMsMax,
      // Shorter than what our services keep, so that it is we who close an idle connection and never race them.
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
    });
    const breaker = new Breaker({
      monotonic,
      random,
      onChange(isOpen) {
        if (isOpen) opened.inc({ kind });
        log.warn({ upstream: id }, isOpen ? "the upstream does not answer and is given up for a while" : "it is back");
      },
    });
    const retries = new RetryBudget();
    return { id, kind, origin: url, pool, breaker, retries, canary, stranger: tenantSupplied, used: false };
  }

  function entryOf(id: string): Entry | undefined {
    const opened = entries.get(id);
    if (opened !== undefined) return opened;
    const upstream = known.get(id);
    if (upstream === undefined) return undefined;
    if (!mayBeCalled(upstream)) {
      log.error({ upstream: id }, "a tenant's upstream must be https and outside the house; it is not called");
      return undefined;
    }
    const entry = open(upstream);
    entries.set(id, entry);
    return entry;
  }

  /**
   * Requests on their way finish where they were going. The pool stays open as long as one may take: who was sent to it a
   * moment ago may still be waiting for a token, or in a batch.
   */
  function retire(entry: Entry): void {
    retired.set(
      entry,
      setTimeout(() => shut(entry), answerMsMax),
    );
  }

  function shut(entry: Entry): void {
    clearTimeout(retired.get(entry));
    retired.delete(entry);
    const closed = entry.pool.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  const health =
    options.healthEveryMs === 0
      ? undefined
      : watchHealth({
          everyMs: options.healthEveryMs,
          upstreams: () => [...entries.values()].filter(({ stranger }) => !stranger),
          dispatcher: () => probes,
        });

  return {
    apply(state) {
      known = state.upstreams;
      for (const [id, entry] of entries) {
        const next = known.get(id);
        if (next !== undefined && isSame(entry, next)) {
          entry.canary = next.canary;
          continue;
        }
        entries.delete(id);
        retire(entry);
      }
    },
    of({ id: tenantId, routes, recommender }, kind, principal) {
      const route = kind === "recommender" ? recommender : routes[kind];
      if (route === null) throw new EndcapError("not_ready", { internal: `the tenant has no ${kind} yet` });
      const stable = entryOf(route);
      // Canaries are rare, and a broken one is not waited for: its shoppers go where all others do.
      let canary: Canary | undefined = routes.canaries?.[kind];
      if (canary !== undefined && !inShopperCanary(canary, principal)) canary = undefined;
      if (canary === undefined && stable?.canary !== undefined && inTenantCanary(stable.canary, tenantId)) {
        canary = stable.canary;
      }
      if (canary !== undefined) {
        const other = entryOf(canary.upstream);
        if (other?.kind === kind && other.breaker.allow()) {
          other.used = true;
          return other;
        }
      }
      if (stable === undefined) throw new EndcapError("upstream_unavailable", { internal: `no upstream ${route}` });
      if (!stable.breaker.allow()) {
        throw new EndcapError("upstream_unavailable", { internal: `the breaker of upstream ${route} is open` });
      }
      stable.used = true;
      return stable;
    },
    get count() {
      return known.size;
    },
    opened: () => entries.values(),
    async close() {
      health?.close();
      for (const entry of [...retired.keys(), ...entries.values()]) shut(entry);
      entries.clear();
      await Promise.all([...closing, probes.close()]);
    },
  };
}

function isSame(entry: Entry, next: SnapshotUpstream): boolean {
  return next.url === entry.origin && next.kind === entry.kind && (next.tenantSupplied ?? false) === entry.stranger;
}

function mayBeCalled({ url, tenantSupplied }: SnapshotUpstream): boolean {
  if (!tenantSupplied) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" && isPublicHost(hostname);
}
