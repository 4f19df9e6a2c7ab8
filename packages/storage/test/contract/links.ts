import { LATEST } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { HARD_IDS, NOON } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

export function linksContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: identity links`, () => {
    const bench = useTables(adapter);

    it("stores a link once and keeps its first time", async () => {
      const link = { anonymousId: "a_1", userId: "u", at: NOON };
      expect(await bench.table.events.link(link)).toBe("stored");
      expect(await bench.table.events.link({ ...link, at: NOON + 1 })).toBe("duplicate");
      expect(await bench.table.events.links("u")).toEqual([link]);
    });

    it("leaves an anonymous id with its first user, of racing ones too", async () => {
      const results = await Promise.all(
        ["u1", "u2", "u3"].map((userId) => bench.table.events.link({ anonymousId: "a_1", userId, at: NOON })),
      );
      expect(results.toSorted()).toEqual(["other", "other", "stored"]);
      const links = await Promise.all(["u1", "u2", "u3"].map((userId) => bench.table.events.links(userId)));
      expect(links.flat()).toHaveLength(1);
    });

    it("lists the newest first, a bounded number", async () => {
      for (let i = 0; i < LATEST.linksMax + 2; i++)
        await bench.table.events.link({ anonymousId: `a_${i}`, userId: "u", at: NOON + (i % 2 === 0 ? i : -i) });
      const links = await bench.table.events.links("u");
      expect(links).toHaveLength(LATEST.linksMax);
      expect(links.map(({ at }) => at)).toEqual(links.map(({ at }) => at).toSorted((a, b) => b - a));
    });

    it("keeps users and anonymous ids apart, whatever they are called", async () => {
      for (const [i, id] of HARD_IDS.entries())
        expect(await bench.table.events.link({ anonymousId: id, userId: id, at: NOON + i })).toBe("stored");
      for (const [i, id] of HARD_IDS.entries())
        expect(await bench.table.events.links(id)).toEqual([{ anonymousId: id, userId: id, at: NOON + i }]);
    });
  });
}
