/** How long to wait before the next attempt. */
import type { RandomBytes } from "@endcap/protocol/uuid";

const BASE_MS = 200;
const CAP_MS = 10_000;

/** A uniform number in [0, 1) from 32 random bits. */
function unit(random: RandomBytes): number {
  return new DataView(random(new Uint8Array(4)).buffer).getUint32(0) / 2 ** 32;
}

/**
 * Full jitter: uniform in [0, min(cap, base * 2^attempt)), which spreads a herd best (AWS Architecture Blog, "Exponential
 * Backoff And Jitter"). What the server asked for is the floor, with the jitter on top so that callers told the same
 * second do not return together. `attempt` counts from 0.
 */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, random: RandomBytes): number {
  return (retryAfterMs ?? 0) + Math.floor(unit(random) * Math.min(CAP_MS, BASE_MS * 2 ** attempt));
}

/** Retry-After (RFC 9110 section 10.2.3) in milliseconds: seconds or an HTTP date; `undefined` when absent or neither. */
export function parseRetryAfter(field: string | null, nowMs: number): number | undefined {
  if (field === null) return undefined;
  if (/^\d{1,9}$/.test(field.trim())) return Number(field) * 1000;
  const at = Date.parse(field);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
