import { join } from "node:path";
import { monthOf, type UsageAnswer, type UsageRecord } from "@endcap/protocol";
import { createInternalIssuer } from "@endcap/service-kit";
import { expect, test } from "vitest";
import type { TenantView } from "../src/tenants/model.ts";
import type { TenantUsage, UsageByRoute } from "../src/usage/model.ts";
import { showToCli } from "./support/cli-on.ts";
import { startControl, type TestControl } from "./support/control.ts";
import { endcap, endcapJson } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

const first = "0193a1b2-0000-7000-8000-000000000001";
const second = "0193a1b2-0000-7000-8000-000000000002";
const month = monthOf(Date.now());

async function reporter(root: string, control: TestControl) {
  const issuer = await createInternalIssuer({
    keyFile: join(root, "keys/shared.key"),
    group: "shared",
    audience: ["control"],
    tenants: "*",
  });
  return async (source: string, records: UsageRecord[], more: object = {}) => {
    const answer = await fetch(new URL("/internal/v1/usage", control.url), {
      method: "POST",
      headers: { authorization: `Bearer ${await issuer.token()}`, "content-type": "application/json" },
      body: JSON.stringify({ source, records, month, cursor: 0, reporter: source, leaving: false, ...more }),
    });
    return { status: answer.status, body: (await answer.json()) as UsageAnswer };
  };
}

function record(tenant: string, sequence: number, events: number, more: Partial<UsageRecord> = {}): UsageRecord {
  const latency = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const route = "POST /v1/events";
  return {
    sequence,
    at: Date.now(),
    tenant,
    env: "live",
    route,
    status: 202,
    requests: 1,
    events,
    ms: 4,
    latency,
    ...more,
  };
}

test("a record counts once however often it is sent, and each gateway learns the sum of all", async () => {
  const root = tempDir();
  const control = await startControl(root);
  const report = await reporter(root, control);
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });

  const both = [record(oak.id, 1, 5), record(oak.id, 2, 7)];
  expect((await report(first, both)).body).toMatchObject({ through: 2, totals: [{ tenant: oak.id, events: 12 }] });
  // The answer was lost on the way: the same again, with one more behind it, twice at once.
  const again = [...both, record(oak.id, 3, 1)];
  await Promise.all([report(first, again), report(first, again)]);
  const other = await report(second, [record(oak.id, 1, 100), record(oak.id, 2, 9, { env: "test" })]);
  expect(other.body).toMatchObject({ through: 2, totals: [{ tenant: oak.id, events: 113 }], gateways: 2 });
  // Nothing has changed since: nothing is told.
  expect((await report(second, [], { cursor: other.body.cursor })).body.totals).toEqual([]);
  expect((await report(first, [], { leaving: true })).body.gateways).toBe(1);

  const { body } = await control.call<TenantUsage & { routes: UsageByRoute[] }>("GET", "/v1/tenants/oak/usage");
  expect(body).toMatchObject({ events: 113, testEvents: 9, requests: 4, lastHour: { requests: 4, p99Ms: 5 } });
  expect(body.routes).toMatchObject([
    { env: "live", route: "POST /v1/events", status: 202, requests: 4, events: 113, meanMs: 4, p99Ms: 5 },
    { env: "test", requests: 1, events: 9 },
  ]);
});

test("records are kept in the month they were counted in, also when their tenant is gone", async () => {
  const root = tempDir();
  const control = await startControl(root);
  showToCli(root, control);
  const report = await reporter(root, control);
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "premium" });
  const old = Date.UTC(2026, 0, 31, 23, 59, 59);
  await report(first, [record(oak.id, 1, 3, { at: old }), record(oak.id, 2, 4, { at: old + 1_000 })]);
  const asked = await report(first, [], { month: "2026-02" });
  expect(asked.body.totals).toEqual([{ tenant: oak.id, events: 4 }]);
  const january = await endcapJson<{ usage: TenantUsage[] }>(root, ["usage", "--month", "2026-01"]);
  expect(january.usage).toMatchObject([{ slug: "oak", events: 3, eventsPerMonth: 200_000_000 }]);

  expect((await endcap(root, ["usage"])).stdout).toMatch(/oak +0 +200,000,000 +0\.0%/);
  expect((await endcap(root, ["usage", "oak", "--month", "2026-02"])).stdout).toMatch(
    /POST \/v1\/events +202 +- +1 +4/,
  );
  expect(await control.call("GET", "/v1/usage?month=2026-13")).toMatchObject({ status: 400 });
  expect(await control.call("GET", "/v1/tenants/elm/usage")).toMatchObject({ status: 404 });

  // What a gateway still had of a tenant that is gone by now.
  const gone = `tnt-${"z".repeat(16)}`;
  await report(first, [record(gone, 3, 6, { at: old })]);
  const after = await endcapJson<{ usage: TenantUsage[] }>(root, ["usage", "--month", "2026-01"]);
  expect(after.usage).toMatchObject([{ tenant: gone, slug: "-", events: 6, eventsPerMonth: null }, { events: 3 }]);
});

test("a report that is not one, or not a gateway's, is refused whole", async () => {
  const root = tempDir();
  const control = await startControl(root);
  const report = await reporter(root, control);
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const wrong = await report(first, [record(oak.id, 1, 5), record(oak.id, 2, -1)]);
  expect([wrong.status, (wrong.body as unknown as { code: string }).code]).toEqual([400, "invalid_request"]);
  expect((await report(first, [])).body).toMatchObject({ through: 0, totals: [] });
  const stranger = await fetch(new URL("/internal/v1/usage", control.url), { method: "POST", body: "{}" });
  expect(stranger.status).toBe(401);
});
