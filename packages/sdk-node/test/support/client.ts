/** Credentials and a client whose time and randomness belong to the test. */
import { randomBytes } from "node:crypto";
import { newKeyId, newSecret } from "@endcap/protocol/ids";
import type { RandomBytes } from "@endcap/protocol/uuid";
import type { After } from "../../src/clock.ts";
import { Endcap } from "../../src/index.ts";
import type { EndcapOptions } from "../../src/options.ts";

export const random: RandomBytes = (bytes) => {
  bytes.set(randomBytes(bytes.length));
  return bytes;
};

export const credentials = { key: newKeyId("secret", "live", random), secret: newSecret(random) };

/** Time that stands still; waits pass at once and are written down, timers for long work never fire. */
export class Time {
  nowMs = Date.parse("2026-11-01T00:00:00Z");
  readonly waits: number[] = [];
  /** Timers that the test fires by hand. */
  readonly held: { delayMs: number; run: () => void }[] = [];
  /** What of a delay is a retry's wait; the rest is held. */
  readonly isWait: (delayMs: number) => boolean;

  constructor(isWait: (delayMs: number) => boolean = (delayMs) => delayMs < 900) {
    this.isWait = isWait;
  }

  readonly now = () => this.nowMs;
  readonly after: After = (delayMs, run) => {
    if (this.isWait(delayMs)) {
      this.waits.push(delayMs);
      queueMicrotask(() => {
        this.nowMs += delayMs;
        run();
      });
      return () => undefined;
    }
    const timer = { delayMs, run };
    this.held.push(timer);
    return () => {
      const at = this.held.indexOf(timer);
      if (at >= 0) this.held.splice(at, 1);
    };
  };
}

export function client(endpoint: string, options: Partial<EndcapOptions> = {}): Endcap {
  return new Endcap({ endpoint, ...credentials, ...options });
}
