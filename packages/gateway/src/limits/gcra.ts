/** Requests a second, and how many at once after a quiet time. */
export interface RateLimit {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  /** Requests that would be allowed right now. */
  readonly remaining: number;
  /** Until one request is allowed (when refused), or until the burst is whole again. */
  readonly waitMs: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371, as a virtual scheduling algorithm): one number per limited party, the
 * time at which its bucket would be empty, instead of counters by window. A limit that changes applies at once. Where the
 * number lies is up to each kind of bucket.
 */
export abstract class Bucket {
  /** Theoretical arrival time, Unix ms; 0 of a new one. */
  protected abstract emptyAt: number;

  /** `gateways` share the limit: each holds its part of the rate and of the burst, and never less than one request. */
  take(limit: RateLimit, now: number, gateways = 1): RateVerdict {
    const verdict = this.peek(limit, now, gateways);
    if (verdict.allowed) this.emptyAt = now + verdict.waitMs;
    return verdict;
  }

  /** The verdict on a request that is not counted. */
  peek({ requestsPerSecond, burst }: RateLimit, now: number, gateways = 1): RateVerdict {
    const intervalMs = (1000 * gateways) / requestsPerSecond;
    const windowMs = Math.max(intervalMs, (1000 * burst) / requestsPerSecond);
    // Further ahead than a whole burst means that the clock was set back: nobody waits for the old time to come again.
    const known = this.emptyAt <= now + windowMs ? this.emptyAt : now;
    const emptyAt = Math.max(known, now) + intervalMs;
    const overMs = emptyAt - now - windowMs;
    // Half a microsecond of float error must not cost the last request of a burst.
    if (overMs > 0.0005) return { allowed: false, remaining: 0, waitMs: overMs };
    return { allowed: true, remaining: Math.floor(-overMs / intervalMs + 0.0005), waitMs: emptyAt - now };
  }

  /** Requests that would be allowed right now; takes none. */
  left({ requestsPerSecond, burst }: RateLimit, now: number, gateways = 1): number {
    const intervalMs = (1000 * gateways) / requestsPerSecond;
    const windowMs = Math.max(intervalMs, (1000 * burst) / requestsPerSecond);
    const aheadMs = Math.max(0, this.emptyAt - now);
    return Math.floor((windowMs - (aheadMs <= windowMs ? aheadMs : 0)) / intervalMs + 0.0005);
  }
}

/** A bucket by itself. */
export class Gcra extends Bucket {
  protected override emptyAt = 0;
}
