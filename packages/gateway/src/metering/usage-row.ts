import { LATENCY_BOUNDS_MS, type Tier, type UsageRecord } from "@endcap/protocol";

/** A usage record before it has its place in the log. Durations are added up in fractions of a millisecond. */
export interface UsageRow extends Omit<UsageRecord, "sequence"> {
  /** The tenant's, for metrics; no part of the record. */
  readonly tier: Tier | undefined;
}

/** Class of a duration in `latency`. */
export function latencyClass(ms: number): number {
  let at = 0;
  while (at < LATENCY_BOUNDS_MS.length && ms > (LATENCY_BOUNDS_MS[at] ?? 0)) at += 1;
  return at;
}

export function addRow(to: UsageRow, from: UsageRow): void {
  to.requests += from.requests;
  to.events += from.events;
  to.ms += from.ms;
  for (const [at, count] of from.latency.entries()) to.latency[at] = (to.latency[at] ?? 0) + count;
}
