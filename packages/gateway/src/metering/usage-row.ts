import { LATENCY_BOUNDS_MS, type UsageRecord } from "@endcap/protocol";

/** A usage record before it has its place in the log. */
export type UsageRow = Omit<UsageRecord, "sequence">;

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
  from.latency.forEach((count, at) => {
    to.latency[at] = (to.latency[at] ?? 0) + count;
  });
}
