import { LATENCY_BOUNDS_MS, type Principal, type UsageRecord } from "@endcap/protocol";

/** A usage record before it has its place in the log. */
export type UsageRow = Omit<UsageRecord, "sequence">;

/** Says which of its tenant's rows a request belongs to. */
export interface RowKey {
  readonly tenant: string;
  readonly env: Principal["env"];
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
}

export function emptyRow({ tenant, env, route, status, code }: RowKey, at: number): UsageRow {
  return {
    at,
    tenant,
    env,
    route,
    status,
    ...(code !== undefined && { code }),
    requests: 0,
    events: 0,
    ms: 0,
    latency: Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0),
  };
}

export const isEmpty = ({ requests, events }: UsageRow): boolean => requests === 0 && events === 0;

/** What was counted in a row, which is empty then. */
export function takeRow(counted: UsageRow): UsageRow {
  const { at, tenant, env, route, status, code, requests, events, ms, latency } = counted;
  const counts = { requests, events, ms, latency: [...latency] };
  counted.requests = 0;
  counted.events = 0;
  counted.ms = 0;
  latency.fill(0);
  return { at, tenant, env, route, status, ...(code !== undefined && { code }), ...counts };
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
  from.latency.forEach((count, at) => {
    to.latency[at] = (to.latency[at] ?? 0) + count;
  });
}
