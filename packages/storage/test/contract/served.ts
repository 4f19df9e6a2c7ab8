import { describe, expect, it } from "vitest";
import { batch, collect, event, HARD_IDS, NOON, served } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

export function servedContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: the served log`, () => {
    const bench = useTables(adapter);
    const ann = { anonymousId: "a_ann" };

    it("gives records back whole, by shopper and id", async () => {
      const records = [
        served(ann, NOON),
        served({ ...ann, userId: "u" }, NOON, { placement: "home", variant: "b", modelVersion: null }),
        served({ userId: "u" }, NOON, { answeredBy: "fallback", items: [] }),
        served({}, NOON),
        ...HARD_IDS.map((id) => served({ userId: id }, NOON)),
      ];
      await bench.table.served.put(records);
      for (const record of records)
        expect(await bench.table.served.get(record.shopper, record.recommendationId)).toEqual(record);
      expect(await bench.table.served.get({ userId: "else" }, records[0]?.recommendationId ?? "")).toBeUndefined();
      expect(await collect(bench.table.served.scan())).toHaveLength(records.length);
    });

    it("walks one shopper's lists by time, and all from a time on", async () => {
      const times = [NOON + 2, NOON, NOON + 1];
      await bench.table.served.put(times.map((at) => served(ann, at)));
      await bench.table.served.put([served({ userId: "u" }, NOON + 5)]);
      await bench.table.events.append([batch([event(ann, NOON)])]);
      const own = await collect(bench.table.served.scan({ shopper: { kind: "anonymous", id: "a_ann" } }));
      expect(own.map(({ at }) => Date.parse(at) - NOON)).toEqual([0, 1, 2]);
      const late = await collect(bench.table.served.scan({ from: NOON + 2 }));
      expect(late.map(({ at }) => Date.parse(at) - NOON).toSorted()).toEqual([2, 5]);
    });

    it("forgets a record when it expires", async () => {
      const record = served(ann, NOON);
      await bench.table.served.put([record], { expiresAt: NOON + 1000 });
      expect(await bench.table.served.get(ann, record.recommendationId)).toEqual(record);
      bench.advance(1000);
      expect(await bench.table.served.get(ann, record.recommendationId)).toBeUndefined();
      expect(await collect(bench.table.served.scan())).toEqual([]);
      expect(await bench.table.sweep()).toBe(1);
    });

    it("loses nothing on an orderly close", async () => {
      const records = Array.from({ length: 500 }, (_, i) => served(ann, NOON + i));
      const another = bench.another();
      const table = await another.open(bench.table.name);
      const written = records.map((record) => table.served.put([record]));
      await another.close();
      await Promise.all(written);
      expect(await collect(bench.table.served.scan())).toHaveLength(500);
    });
  });
}
