import { performance } from "node:perf_hooks";
import type { RateVerdict } from "../limits/gcra.ts";
import type { TenantUse } from "../tenants/tenant-context.ts";
import { leaseScript } from "./lease-script.ts";
import type { Redis } from "./redis.ts";

/** What a gateway holds of a tenant's bucket that all gateways share. */
export interface SharedUse {
  /** Requests since the last exchange, whether they were let in or not. */
  asked: number;
  /** Requests an exchange, smoothed: the gateway's claim. */
  demand: number;
  idle: number;
  /** Requests let in on this gateway's own part, that the bucket does not know of yet. */
  owed: number;
  /** Requests that may be let in; undefined: Redis said nothing of late, and the own part counts. */
  tokens: number | undefined;
  /** In the time of `performance.now()`. */
  until: number;
}

function newSharedUse(): SharedUse {
  return { asked: 0, demand: 0, idle: 0, owed: 0, tokens: undefined, until: 0 };
}

export interface SharedRates {
  /** The verdict on one request of the tenant; `own` is that by this gateway's own part. */
  take(context: TenantUse, own: RateVerdict): RateVerdict & { readonly isShared: boolean };
  start(): void;
  stop(): void;
}

const exchangeEveryMs = 100;
/** How long tokens hold without a word from Redis: the bound on what may exceed the limit is this time at the rate. */
const leaseMs = 500;
/** Exchanges without a request after which a gateway gives its tokens back. */
const idleMax = 10;
/** Past it tenants are held by their own parts: a pass must end within its interval. */
const tenantsPerPassMax = 2_000;
const demandMin = 0.01;

/**
 * A tenant's requests are let in on tokens that this gateway already holds, and tokens are fetched for all tenants in use
 * ten times a second: no request waits for Redis. A tenant that comes anew is held by the gateway's own part until the
 * next exchange, and what it used is then paid.
 */
export function createSharedRates(redis: Redis, gateway: string): SharedRates {
  const inUse = new Map<SharedUse, TenantUse>();
  let exchanging = false;
  let timer: NodeJS.Timeout | undefined;

  function forget(use: SharedUse): void {
    use.tokens = undefined;
    use.owed = 0;
  }

  async function exchange(use: SharedUse, { id, limits }: TenantUse): Promise<void> {
    const sentAt = performance.now();
    use.demand = (use.demand + use.asked) / 2;
    use.idle = use.asked === 0 ? use.idle + 1 : 0;
    use.asked = 0;
    const leaves = use.idle >= idleMax;
    const { tokens: back = 0, owed } = use;
    use.owed = 0;
    const { requestsPerSecond, burst } = limits;
    const claim = leaves ? 0 : Math.max(demandMin, use.demand);
    try {
      const args = [gateway, requestsPerSecond, burst, back, owed, claim].map(String);
      const given = givenOf(await redis.evaluate(leaseScript, `endcap:rate:${id}`, args));
      if (performance.now() - sentAt > leaseMs) throw new Error("the answer came too late");
      // What was let in meanwhile was let in on tokens that were given back.
      const usedMeanwhile = use.tokens === undefined ? 0 : back - use.tokens;
      use.tokens = Math.max(0, given - usedMeanwhile);
      use.owed += Math.max(0, usedMeanwhile - given);
      use.until = sentAt + leaseMs;
      if (!leaves) return;
      use.tokens = undefined;
      if (use.asked === 0) inUse.delete(use);
    } catch {
      // Whether Redis gave or took is not known: the own part counts, and the bucket fills by itself.
      forget(use);
    }
  }

  function tick(): void {
    const now = performance.now();
    for (const use of inUse.keys()) if (use.tokens !== undefined && now > use.until) forget(use);
    if (!redis.ready) {
      for (const use of inUse.keys()) {
        forget(use);
        // The next request puts it back.
        use.asked = 0;
      }
      inUse.clear();
      return;
    }
    if (exchanging) return;
    exchanging = true;
    const pass = [...inUse].slice(0, tenantsPerPassMax).map(([use, context]) => exchange(use, context));
    void Promise.all(pass).finally(() => {
      exchanging = false;
    });
  }

  return {
    take(context, own) {
      const { usage } = context;
      usage.shared ??= newSharedUse();
      const use = usage.shared;
      // The newest context: it brings the limits that hold now.
      if (use.asked === 0) inUse.set(use, context);
      use.asked += 1;
      if (use.tokens === undefined) {
        if (own.allowed) use.owed += 1;
        return { ...own, isShared: false };
      }
      const { requestsPerSecond, burst } = context.limits;
      if (use.tokens < 1) return { allowed: false, remaining: 0, waitMs: 1000 / requestsPerSecond, isShared: true };
      use.tokens -= 1;
      const waitMs = (1000 * Math.max(0, burst - use.tokens)) / requestsPerSecond;
      return { allowed: true, remaining: use.tokens, waitMs, isShared: true };
    },
    start() {
      timer = setInterval(tick, exchangeEveryMs).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function givenOf(answer: unknown): number {
  const given: unknown = Array.isArray(answer) ? answer[0] : undefined;
  if (typeof given !== "number" || !Number.isSafeInteger(given) || given < 0)
    throw new Error("no answer of the script");
  return given;
}
