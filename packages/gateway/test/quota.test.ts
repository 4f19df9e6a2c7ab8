import { monthOf } from "@endcap/protocol";
import { expect, it } from "vitest";
import { createLedger } from "../src/metering/ledger.ts";
import { eventsOf } from "../src/metering/tenant-usage.ts";
import { bootstrap, type Reply, send, signed, startEdge } from "./support/edge.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const oak = newShop({ limits: { eventsPerMonth: 10 } });
const elm = newShop({ limits: { eventsPerMonth: 100 } });
const fir = newShop({ limits: { eventsPerMonth: 10 } });
const edge = await startEdge([oak, elm, fir], { ENDCAP_GATEWAY_USAGE_FLUSH_MS: "20" });
const events = `${edge.url}/v1/events`;
edge.collector.answer = () => ({ status: 202, body: { accepted: 2 } });
edge.ml.answer = () => ({ status: 200, body: { items: [] } });

const post = (shop: Shop): Promise<Reply> =>
  send(events, signed(events, "POST", shop.sk, { body: { events: [] }, now: Date.now() + edge.clock.offsetMs }));

it("warns from the soft threshold on, and at the hard one refuses events and nothing else", async () => {
  const replies = [];
  for (let n = 0; n < 7; n++) replies.push(await post(oak));
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 429, 429]);
  const [, , , third, fourth, refused] = replies;
  expect(third?.headers.get("ratelimit")).not.toContain('"month"');
  expect(fourth?.headers.get("ratelimit")).toMatch(/^"requests";r=\d+;t=\d+, "month";r=2;t=\d+$/);
  expect(fourth?.headers.get("ratelimit-policy")).toMatch(/, "month";q=10;w=\d+$/);
  expect(refused?.body.code).toBe("quota_exceeded");
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await send(events, bootstrap(oak, { events: [] }))).body.code).toBe("quota_exceeded");

  const lists = `${edge.url}/v1/recommendations`;
  expect((await send(lists, signed(lists, "POST", oak.sk, { body: {} }))).status).toBe(200);
  const { metrics } = await fetch(`${edge.adminUrl}/metrics`).then(async (answer) => ({
    metrics: await answer.text(),
  }));
  expect(metrics).toMatch(/endcap_quota_crossed_total\{tier="standard",threshold="hard"[^}]*\} 1/);
});

it("holds against what other gateways counted, as soon as control says so", async () => {
  expect((await post(elm)).status).toBe(202);
  edge.control.usage.addElsewhere(elm.tenant.id, 200);
  await expect.poll(async () => (await post(elm)).body.code, { timeout: 10_000 }).toBe("quota_exceeded");
});

it("gives room at once when the operator does, and counts on from what was used", async () => {
  edge.control.push({
    shops: [{ ...oak, tenant: { ...oak.tenant, limits: { ...oak.tenant.limits, eventsPerMonth: 14 } } }],
  });
  await edge.settled();
  expect([(await post(oak)).status, (await post(oak)).status, (await post(oak)).status]).toEqual([202, 202, 429]);
});

it("starts anew with the month, and knows the old one again when the clock was wrong", async () => {
  for (let n = 0; n < 5; n++) await post(fir);
  expect((await post(fir)).status).toBe(429);
  await expect.poll(() => edge.control.usage.events(fir.tenant.id)).toBe(10);
  const now = new Date();
  edge.clock.offsetMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - now.getTime() + 60_000;
  await expect.poll(async () => (await post(fir)).status, { timeout: 5_000 }).toBe(202);
  const next = monthOf(now.getTime() + edge.clock.offsetMs);
  await expect.poll(() => edge.control.usage.events(fir.tenant.id, next)).toBeGreaterThanOrEqual(2);
  edge.clock.offsetMs = 0;
  await expect.poll(async () => (await post(fir)).status, { timeout: 10_000 }).toBe(429);
});

it("never counts an event twice or not at all between the log and control's totals", () => {
  const at = Date.UTC(2026, 10, 20);
  const ledger = createLedger(at, { month: "2026-11", cursor: 7, totals: { t: 5 } });
  const month = ledger.of("t");
  month.unreported += 3;
  expect(eventsOf(month)).toBe(8);
  const base = { at, tenant: "t", route: "POST /v1/events", status: 202, requests: 1, ms: 1, latency: [] };
  const records = [
    { ...base, sequence: 1, env: "live" as const, events: 3 },
    { ...base, sequence: 2, env: "test" as const, events: 50 },
    { ...base, sequence: 3, env: "live" as const, events: 9, at: Date.UTC(2026, 9, 31) },
  ];
  ledger.acknowledged(records);
  ledger.apply("2026-11", 8, [{ tenant: "t", events: 8 }]);
  expect(eventsOf(month)).toBe(8);
  for (const record of records) ledger.restore(record);
  expect(eventsOf(month)).toBe(11);
  ledger.apply("2026-10", 9, [{ tenant: "t", events: 1_000 }]);
  expect(eventsOf(month)).toBe(11);
  expect(ledger.roll(Date.UTC(2026, 10, 30))).toBe(false);
  expect(ledger.roll(Date.UTC(2026, 11, 1))).toBe(true);
  expect([eventsOf(month), ledger.cursor]).toEqual([0, 0]);
  const old = createLedger(Date.UTC(2026, 11, 1), { month: "2026-11", cursor: 7, totals: { t: 5 } });
  expect(eventsOf(old.of("t"))).toBe(0);
});
