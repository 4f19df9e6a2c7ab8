import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { newTenantId, type UsageRecord } from "@endcap/protocol";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, it, onTestFinished } from "vitest";
import type { SendUsage } from "../src/metering/control-usage.ts";
import { createLedger } from "../src/metering/ledger.ts";
import { createMetering } from "../src/metering/metering.ts";
import { readTotals, writeTotals } from "../src/metering/totals-file.ts";

const tenants = Array.from({ length: 3_500 }, () => newTenantId((bytes) => crypto.getRandomValues(bytes)));
const november = Date.UTC(2026, 10, 29);

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "endcap-slices-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** How many turns of the event loop passed while the work was done. */
async function turnsOf(work: Promise<void>): Promise<number> {
  let turns = 0;
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  while (!done) {
    await nextTurn();
    turns += 1;
  }
  await finished;
  return turns;
}

function ledgerOfAll() {
  const ledger = createLedger(november);
  const totals = tenants.map((tenant, at) => ({ tenant, events: at }));
  ledger.apply("2026-11", 42, totals);
  return { ledger, totals: Object.fromEntries(totals.slice(1).map(({ tenant, events }) => [tenant, events])) };
}

it("the month's totals are kept in slices, whole when they are read again, and requests are served in between", async () => {
  const path = join(newDirectory(), "totals.json");
  const { ledger, totals } = ledgerOfAll();
  expect(await turnsOf(writeTotals(path, ledger.known(), 3))).toBeGreaterThanOrEqual(4);
  const kept = await readTotals(path);
  expect(kept).toEqual({ month: "2026-11", cursor: 42, gateways: 3, totals });
  const again = createLedger(november, kept);
  expect([again.cursor, again.of(tenants[3_499] ?? "").total]).toEqual([42, 3_499]);

  await writeTotals(path, createLedger(november).known(), undefined);
  expect(await readTotals(path)).toEqual({ month: "2026-11", cursor: 0, totals: {} });
});

it("a month that ends while they are written leaves none of the new one under the old one's name", async () => {
  const path = join(newDirectory(), "totals.json");
  const { ledger } = ledgerOfAll();
  const writing = writeTotals(path, ledger.known(), 1);
  ledger.roll(Date.UTC(2026, 11, 1));
  ledger.apply("2026-12", 1, [{ tenant: tenants[0] ?? "", events: 7 }]);
  await writing;
  const kept = await readTotals(path);
  expect(kept?.month).toBe("2026-11");
  expect(kept?.totals).not.toHaveProperty(tenants[0] ?? "");
  expect(createLedger(Date.UTC(2026, 11, 1), kept).cursor).toBe(0);
});

it("what thousands of tenants were counted is handed over slice by slice, all of it, each count once", async () => {
  const counted = new Map<string, number>();
  const sources = new Map<string, number>();
  const send: SendUsage = async ({ source, cursor }, text) => {
    const records = JSON.parse(`[${text}]`) as UsageRecord[];
    for (const { sequence, tenant, requests } of records) {
      expect(sequence).toBe((sources.get(source) ?? 0) + 1);
      sources.set(source, sequence);
      counted.set(tenant, (counted.get(tenant) ?? 0) + requests);
    }
    return { through: sources.get(source) ?? 0, totals: [], cursor, more: false, gateways: 1 };
  };
  let told = 0;
  const metering = await createMetering({
    directory: newDirectory(),
    send,
    flushMs: 20,
    bytesMax: 1 << 26,
    onRows(rows) {
      for (const { requests } of rows) told += requests;
    },
    log: pino({ level: "silent" }),
    registry: new Registry(),
    now: () => november,
  });
  const usages = tenants.map((tenant) => metering.meter.of(tenant));
  const countAll = () => {
    for (const usage of usages) metering.meter.complete(usage, "live", "POST", "/v1/events", 202, undefined, 1);
  };
  countAll();
  metering.start();
  await expect.poll(() => counted.size, { timeout: 10_000 }).toBe(tenants.length);
  countAll();
  await metering.close();
  expect([...new Set(counted.values())]).toEqual([2]);
  expect(told).toBe(2 * tenants.length);
});
