import type { Principal } from "@endcap/protocol";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { createLedger } from "../src/metering/ledger.ts";
import { createMeter } from "../src/metering/meter.ts";
import { eventsOf } from "../src/metering/tenant-usage.ts";

const at = Date.UTC(2026, 10, 20);

it("hands over those who wait longest, each count once, however often a tenant is counted meanwhile", () => {
  const meter = createMeter(new Registry(), () => at, createLedger(at));
  const usages = Array.from({ length: 25 }, (_, n) => meter.of(`t${n}`));
  const count = (n: number) => {
    const usage = usages[n % usages.length];
    if (usage === undefined) throw new Error("no such tenant");
    const principal: Principal = {
      tenant: usage.tenant,
      env: "live",
      tier: "standard",
      scope: [],
      auth: "sk",
      key: "k",
    };
    meter.complete(usage, "live", "POST", "/v1/events", 202, undefined, 1.4);
    meter.accepted(usage, principal, { accepted: 2 });
  };
  for (let n = 0; n < 50; n++) count(n);
  const first = meter.drain(10);
  expect(first.map(({ tenant, requests, events }) => [tenant, requests, events])).toEqual(
    Array.from({ length: 10 }, (_, n) => [`t${n}`, 2, 4]),
  );
  for (let n = 0; n < 25; n++) count(n);
  const second = meter.drain(15);
  expect(second.map(({ tenant, requests }) => [tenant, requests])).toEqual(
    Array.from({ length: 15 }, (_, n) => [`t${n + 10}`, 3]),
  );
  const third = meter.drain(meter.tenants);
  expect(third.map(({ tenant, requests }) => [tenant, requests])).toEqual(
    Array.from({ length: 10 }, (_, n) => [`t${n}`, 1]),
  );
  expect(meter.drain(meter.tenants)).toEqual([]);
  expect(usages.map(eventsOf)).toEqual(usages.map(() => 6));
});

it("forgets what a tenant no longer does, and whoever gets the place counts from nothing", () => {
  const meter = createMeter(new Registry(), () => at, createLedger(at));
  const [first, second] = [meter.of("t1"), meter.of("t2")];
  const complete = (usage: typeof first, status: number) =>
    meter.complete(usage, "live", "POST", "/v1/events", status, undefined, 30);
  for (let n = 0; n < 5; n++) complete(first, 202);
  expect(meter.drain(10)).toHaveLength(1);
  complete(first, 401);
  expect(meter.drain(10).map(({ status, requests }) => [status, requests])).toEqual([[401, 1]]);
  complete(second, 202);
  complete(first, 401);
  const latency = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  expect(meter.drain(10)).toEqual([
    { at, tenant: "t2", env: "live", route: "POST /v1/events", status: 202, requests: 1, events: 0, ms: 30, latency },
    { at, tenant: "t1", env: "live", route: "POST /v1/events", status: 401, requests: 1, events: 0, ms: 30, latency },
  ]);
});

it("counts a tenant's kinds apart, at the beginning of time too, and its bucket does not see that they are handed over", () => {
  let clock = 0;
  const meter = createMeter(new Registry(), () => clock, createLedger(0));
  const usage = meter.of("t1");
  const limit = { requestsPerSecond: 1, burst: 3 };
  const complete = (status: number, times: number) => {
    for (let n = 0; n < times; n++) meter.complete(usage, "live", "POST", "/v1/events", status, undefined, 0.5);
  };
  const drained = () => meter.drain(10).map(({ at: since, status, requests, ms }) => [since, status, requests, ms]);
  expect([usage.take(limit, clock).remaining, usage.take(limit, clock).remaining]).toEqual([2, 1]);
  complete(202, 3);
  complete(401, 2);
  complete(429, 1);
  complete(202, 1);
  clock = 1_000;
  expect(drained().sort()).toEqual([
    [0, 202, 4, 2],
    [0, 401, 2, 1],
    [0, 429, 1, 0.5],
  ]);
  expect(usage.left(limit, 0)).toBe(1);
  complete(429, 2);
  // What was usual rests, and something else is.
  expect(drained()).toEqual([[1_000, 429, 2, 1]]);
  complete(401, 1);
  complete(202, 1);
  expect(drained().sort()).toEqual([
    [1_000, 202, 1, 0.5],
    [1_000, 401, 1, 0.5],
  ]);
  expect(drained()).toEqual([]);
  expect(usage.left(limit, 0)).toBe(1);
});
