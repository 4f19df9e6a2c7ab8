import { describe, expect, it } from "vitest";
import { batch, collect, event, NOON, OTHER_TENANT, TENANT } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

const tenants = Array.from({ length: 12 }, (_, i) => `tnt-aaaaaaaaaaaaaaa${"abcdefghijklmnop".charAt(i)}`);

export function tablesContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: tables`, () => {
    const bench = useTables(adapter, { openMax: 3 });
    const one = { userId: "u" };
    const count = async (tenant: string, env: "live" | "test" = "live") => {
      await using table = await bench.tables.open({ tenant, env });
      return (await collect(table.events.scan())).length;
    };

    it("keeps tenants and environments apart", async () => {
      await bench.table.events.append([batch([event(one, NOON)])]);
      expect(await count(TENANT)).toBe(1);
      expect(await count(TENANT, "test")).toBe(0);
      expect(await count(OTHER_TENANT)).toBe(0);
    });

    it("refuses what is no tenant id", async () => {
      for (const tenant of ["", "..", "../x", "tnt-", "tnt-AAAAAAAAAAAAAAAA", `${TENANT}/..`]) {
        await expect(bench.tables.open({ tenant, env: "live" })).rejects.toMatchObject({ code: "tenant_not_found" });
        await expect(bench.tables.eraseTenant(tenant)).rejects.toMatchObject({ code: "tenant_not_found" });
      }
    });

    it("works with many more tenants than it keeps open, all at once", async () => {
      await Promise.all(
        Array.from({ length: 120 }, async (_, i) => {
          const tenant = tenants[i % tenants.length] ?? "";
          await using table = await bench.tables.open({ tenant, env: i % 4 === 0 ? "test" : "live" });
          await table.events.append([batch([event({ userId: `u${i}` }, NOON)])]);
          expect(await table.events.latest({ userId: `u${i}` }, 1)).toHaveLength(1);
        }),
      );
      let sum = 0;
      for (const tenant of tenants) sum += (await count(tenant)) + (await count(tenant, "test"));
      expect(sum).toBe(120);
    });

    it("never closes a table under a lease, however many others come and go", async () => {
      const held = await bench.tables.open({ tenant: OTHER_TENANT, env: "live" });
      const writes: Promise<unknown>[] = [];
      for (const tenant of tenants) {
        writes.push(held.events.append([batch([event({ userId: tenant }, NOON)])]));
        await (await bench.tables.open({ tenant, env: "live" })).close();
      }
      await Promise.all(writes);
      expect(await collect(held.events.scan())).toHaveLength(tenants.length);
      await held.close();
      await held.close();
      expect(await count(OTHER_TENANT)).toBe(tenants.length);
    });

    it("erases a tenant, waits for its leases, and leaves others alone", async () => {
      await using other = await bench.tables.open({ tenant: OTHER_TENANT, env: "live" });
      await other.events.append([batch([event(one, NOON)])]);
      const test = await bench.tables.open({ tenant: TENANT, env: "test" });
      await test.events.append([batch([event(one, NOON)])]);
      let erased = false;
      const erasing = bench.tables.eraseTenant(TENANT).then(() => {
        erased = true;
      });
      await bench.table.events.append([batch([event(one, NOON)])]);
      expect(erased).toBe(false);
      await test.close();
      await bench.table.close();
      await erasing;
      expect(await count(TENANT)).toBe(0);
      expect(await count(TENANT, "test")).toBe(0);
      expect(await count(OTHER_TENANT)).toBe(1);
    });

    it("finishes what is under way when it closes, and opens nothing afterwards", async () => {
      const another = bench.another();
      const table = await another.open({ tenant: OTHER_TENANT, env: "live" });
      const appended = table.events.append([batch([event(one, NOON)])]);
      await another.close();
      expect(await appended).toEqual(["stored"]);
      await expect(another.open({ tenant: OTHER_TENANT, env: "live" })).rejects.toMatchObject({ code: "draining" });
      expect(await count(OTHER_TENANT)).toBe(1);
    });

    it("tells its size", async () => {
      const before = await bench.table.stats();
      await bench.table.events.append(Array.from({ length: 300 }, (_, i) => batch([event(one, NOON + i)])));
      const after = await bench.table.stats();
      expect(after.rows - before.rows).toBeGreaterThanOrEqual(300);
      expect(after.bytes).toBeGreaterThan(300 * 100);
      expect(after.bytesFree).toBeLessThanOrEqual(after.bytes);
    });
  });
}
