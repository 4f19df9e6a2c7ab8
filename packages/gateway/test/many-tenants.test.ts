import { setImmediate as nextTurn } from "node:timers/promises";
import { PackedTenants } from "@endcap/service-kit";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { createLedger } from "../src/metering/ledger.ts";
import { createMeter } from "../src/metering/meter.ts";
import { createTenantDirectory } from "../src/tenants/directory.ts";
import { newShop } from "./support/tenants.ts";

const count = 100_000;
const shop = newShop();

/** Cheap copies of one tenant, whose keys are all its own. */
function manyTenants() {
  const tenants = new PackedTenants();
  for (let n = 0; n < count; n += 1) {
    const id = `tenant-${n}`;
    const keys = shop.tenant.keys.map((key) => ({ ...key, id: `${key.id}-${n}` }));
    tenants.put({ ...shop.tenant, id, keys, origins: [`https://shop${n}.example`] }, { ...shop.secrets, keys: {} });
  }
  return { version: 1, tenants, upstreams: new Map(), revokedSessions: new Map() };
}

it("a hundred thousand tenants cost nothing until they are asked for, and a change only what it changes", async () => {
  const directory = createTenantDirectory(createMeter(new Registry(), Date.now, createLedger(Date.now())).of);
  const state = manyTenants();
  directory.apply(state, "all");
  expect([directory.tenantCount, [...directory.inUse()].length]).toEqual([count, 0]);

  const key = () => directory.key(`${shop.pk}-77777`, "publishable", Date.now());
  expect(key().tenant.id).toBe("tenant-77777");
  expect(key()).toBe(key());
  expect([...directory.inUse()]).toHaveLength(1);
  expect(await directory.listsOrigin("https://shop77777.example")).toBe(true);

  const { usage } = key().tenant;
  const changes = 1_000;
  const began = performance.now();
  for (let version = 2; version < 2 + changes; version += 1) {
    const tenant = state.tenants.get("tenant-77777");
    if (tenant !== undefined) {
      state.tenants.put({ ...tenant, origins: [`https://moved${version}.example`] }, shop.secrets);
    }
    directory.apply({ ...state, version }, new Set(["tenant-77777"]));
  }
  const microseconds = ((performance.now() - began) / changes) * 1_000;
  // Copying or indexing everything again would take tens of milliseconds.
  expect(microseconds).toBeLessThan(1_000);
  expect(await directory.listsOrigin("https://shop77777.example")).toBe(false);
  expect(await directory.listsOrigin(`https://moved${1 + changes}.example`)).toBe(true);
  expect(key().tenant.usage).toBe(usage);

  state.tenants.delete("tenant-77777");
  directory.apply({ ...state, version: 9_999 }, new Set(["tenant-77777"]));
  expect(key).toThrow("malformed");
});

it("the first preflight reads all tenants while others are served, and what changes meanwhile is not missed", async () => {
  const directory = createTenantDirectory(createMeter(new Registry(), Date.now, createLedger(Date.now())).of);
  const state = manyTenants();
  directory.apply(state, "all");
  let turns = 0;
  const first = directory.listsOrigin("https://shop99999.example");
  let pending = true;
  void first.finally(() => {
    pending = false;
  });
  const change = (n: number, origins: string[]) => {
    const tenant = state.tenants.get(`tenant-${n}`);
    if (tenant !== undefined) state.tenants.put({ ...tenant, origins }, shop.secrets);
    directory.apply(state, new Set([`tenant-${n}`]));
  };
  while (pending) {
    await nextTurn();
    turns += 1;
    if (turns === 5) change(0, ["https://read-before.example"]);
    if (turns === 6) change(99_000, ["https://read-after.example"]);
    if (turns === 7) {
      state.tenants.delete("tenant-1");
      directory.apply(state, new Set(["tenant-1"]));
    }
  }
  expect(turns).toBeGreaterThan(100);
  const listed = (origins: string[]) => Promise.all(origins.map((origin) => directory.listsOrigin(origin)));
  expect(await first).toBe(true);
  expect(await listed(["https://read-before.example", "https://read-after.example"])).toEqual([true, true]);
  const gone = ["https://shop0.example", "https://shop99000.example", "https://shop1.example"];
  expect(await listed(gone)).toEqual([false, false, false]);

  // Another snapshot in the middle: the answer is of the new one.
  directory.apply(state, "all");
  const asked = directory.listsOrigin("https://other.example");
  const next = new PackedTenants();
  next.put({ ...shop.tenant, origins: ["https://other.example"] }, shop.secrets);
  await nextTurn();
  directory.apply({ ...state, tenants: next }, "all");
  expect([await asked, ...(await listed(["https://shop5.example"]))]).toEqual([true, false]);
});
