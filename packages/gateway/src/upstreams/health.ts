import type { Dispatcher } from "undici";
import type { Breaker } from "./breaker.ts";

export interface Probed {
  readonly origin: string;
  readonly breaker: Breaker;
  /** Set by every use, cleared by a probe: what nobody uses is left asleep. */
  used: boolean;
}

export interface Health {
  close(): void;
}

export interface HealthOptions {
  readonly everyMs: number;
  /** The operator's own upstreams; a tenant's server has never heard of /healthz. */
  readonly upstreams: () => Iterable<Probed>;
  /** Connections of its own: a probe must not wait behind the very calls that hang. */
  readonly dispatcher: () => Dispatcher;
}

const answerMsMax = 2_000;
const missesMax = 2;

/**
 * Asks `/healthz` of every upstream that is in use or given up. It finds out sooner than calls do that a process hangs,
 * and that it is back. Any answer counts as life: whether a request can be served is for that request to see.
 */
export function watchHealth({ everyMs, upstreams, dispatcher }: HealthOptions): Health {
  const misses = new WeakMap<Probed, number>();
  const stop = new AbortController();

  async function probe(upstream: Probed): Promise<void> {
    const { origin, breaker } = upstream;
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(answerMsMax)]);
    try {
      const answer = await dispatcher().request({ origin, path: "/healthz", method: "GET", signal });
      await answer.body.dump();
      misses.delete(upstream);
      breaker.retrySoon();
    } catch {
      if (stop.signal.aborted) return;
      const missed = (misses.get(upstream) ?? 0) + 1;
      misses.set(upstream, missed);
      if (missed >= missesMax) breaker.trip();
    }
  }

  const timer = setInterval(() => {
    for (const upstream of upstreams()) {
      if (!upstream.used && !upstream.breaker.open) continue;
      upstream.used = false;
      void probe(upstream);
    }
  }, everyMs);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      stop.abort();
    },
  };
}
