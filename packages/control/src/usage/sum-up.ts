import { monthOf, type UsageRecord } from "@endcap/protocol";

/** Records added up by tenant, environment, time, route and outcome. */
export interface UsageSum {
  readonly tenant: string;
  readonly env: "live" | "test";
  /** RFC 3339, the start of the minute or of the UTC day. */
  readonly at: string;
  readonly route: string;
  readonly status: number;
  readonly code: string;
  requests: number;
  events: number;
  ms: number;
  latency: number[];
}

export function sumBy(records: readonly UsageRecord[], spanMs: number): UsageSum[] {
  const sums = new Map<string, UsageSum>();
  for (const { tenant, env, at, route, status, code = "", requests, events, ms, latency } of records) {
    const start = new Date(Math.floor(at / spanMs) * spanMs).toISOString();
    const name = [tenant, env, start, route, status, code].join(" ");
    const sum = sums.get(name);
    if (sum === undefined) {
      sums.set(name, { tenant, env, at: start, route, status, code, requests, events, ms, latency: [...latency] });
      continue;
    }
    sum.requests += requests;
    sum.events += events;
    sum.ms += ms;
    sum.latency = sum.latency.map((count, place) => count + (latency[place] ?? 0));
  }
  // In one order everywhere, so that two transactions never wait for each other.
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** Billed events by tenant and month. */
export function billedBy(records: readonly UsageRecord[]): { tenant: string; month: string; events: number }[] {
  const live = records.filter(({ env, events }) => env === "live" && events > 0);
  const groups = Map.groupBy(live, ({ tenant, at }) => `${tenant} ${monthOf(at)}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const events = group.reduce((sum, record) => sum + record.events, 0);
    return [{ tenant: first.tenant, month: monthOf(first.at), events }];
  });
}
