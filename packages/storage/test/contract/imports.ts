import { describe, expect, it } from "vitest";
import { NOON, sha256 } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

export function importsContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: receipts of imports`, () => {
    const bench = useTables(adapter);
    const part = (n: number, bytes = `part ${n}`) => ({
      part: n,
      digest: Buffer.from(sha256(bytes)),
      events: n * 10,
      items: 2,
      deletes: 1,
      rejected: 0,
      at: NOON + n,
    });

    it("knows a part again, and a changed one", async () => {
      const { imports } = bench.table;
      expect(await imports.put("may", part(1))).toBe("stored");
      expect(await imports.put("may", part(1))).toBe("duplicate");
      expect(await imports.put("may", part(1, "other bytes"))).toBe("changed");
      expect(await imports.get("may", 1)).toEqual(part(1));
      expect(await imports.get("may", 2)).toBeUndefined();
      expect(await imports.get("june", 1)).toBeUndefined();
    });

    it("lists the parts of one import by number, and its completion", async () => {
      const { imports } = bench.table;
      for (const n of [10, 2, 100_000, 1]) await imports.put("may", part(n));
      await imports.put("may.2", part(7));
      const before = await imports.list("may");
      expect(before).toEqual({ parts: [1, 2, 10, 100_000].map((n) => part(n)), completedAt: undefined });
      expect(await imports.complete("may", NOON)).toBe(true);
      expect(await imports.complete("may", NOON + 1)).toBe(false);
      expect(await imports.list("may")).toMatchObject({ completedAt: NOON });
      expect(await imports.list("none")).toEqual({ parts: [], completedAt: undefined });
    });
  });
}
