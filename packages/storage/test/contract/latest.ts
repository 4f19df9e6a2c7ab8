import type { Event } from "@endcap/protocol";
import { batchIdAt, LATEST } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { batch, collect, event, iso, NOON, uuidAt } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

const DAY = 86_400_000;

export function latestContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: the latest events`, () => {
    const bench = useTables(adapter);
    const ann = { anonymousId: "a_ann" };
    const times = (events: readonly Event[]) => events.map(({ at }) => Date.parse(at) - NOON);

    it("gives none for an unknown shopper, for nobody and for n = 0", async () => {
      await bench.table.events.append([batch([event(ann, NOON)])]);
      expect(await bench.table.events.latest({ anonymousId: "a_else" }, 5)).toEqual([]);
      expect(await bench.table.events.latest({}, 5)).toEqual([]);
      expect(await bench.table.events.latest(ann, 0)).toEqual([]);
    });

    it("orders by event time, newest first, whatever the order of batches and within them", async () => {
      await bench.table.events.append([
        batch([event(ann, NOON + 5), event(ann, NOON + 1)], { batchId: uuidAt(NOON + 5) }),
        batch([event(ann, NOON + 2), event(ann, NOON + 6)], { batchId: uuidAt(NOON + 6) }),
        batch([event(ann, NOON + 3)], { batchId: uuidAt(NOON + 7) }),
      ]);
      expect(times(await bench.table.events.latest(ann, 9))).toEqual([6, 5, 3, 2, 1]);
      expect(times(await bench.table.events.latest(ann, 2))).toEqual([6, 5]);
    });

    it("counts an event id once, in one batch and over many", async () => {
      const twice = event(ann, NOON);
      await bench.table.events.append([
        batch([twice, twice]),
        batch([twice, event(ann, NOON + 1)]),
        batch([event({ userId: "u" }, NOON, { id: twice.id })]),
      ]);
      expect(times(await bench.table.events.latest({ ...ann, userId: "u" }, 9))).toEqual([1, 0]);
    });

    it("merges the anonymous id, the user and the user's linked anonymous ids", async () => {
      await bench.table.events.append([
        batch([event(ann, NOON + 1)]),
        batch([event({ userId: "u" }, NOON + 2)]),
        batch([event({ anonymousId: "a_phone" }, NOON + 3)]),
        batch([event({ anonymousId: "a_stranger" }, NOON + 4)]),
      ]);
      await bench.table.events.link({ anonymousId: "a_phone", userId: "u", at: NOON });
      expect(times(await bench.table.events.latest({ ...ann, userId: "u" }, 9))).toEqual([3, 2, 1]);
      expect(times(await bench.table.events.latest({ userId: "u" }, 9))).toEqual([3, 2]);
      expect(times(await bench.table.events.latest({ anonymousId: "a_phone" }, 9))).toEqual([3]);
    });

    it("follows the newest links only, as many as it says", async () => {
      for (let i = 0; i < LATEST.linksMax + 4; i++) {
        await bench.table.events.link({ anonymousId: `a_${i}`, userId: "u", at: NOON + i });
        await bench.table.events.append([batch([event({ anonymousId: `a_${i}` }, NOON + i)])]);
      }
      const seen = times(await bench.table.events.latest({ userId: "u" }, 99));
      expect(seen).toEqual(Array.from({ length: LATEST.linksMax }, (_, i) => LATEST.linksMax + 3 - i));
    });

    it("finds an event that is later than its batch by the slack", async () => {
      const late = event(ann, NOON + LATEST.slackMs);
      await bench.table.events.append([
        batch([late], { batchId: uuidAt(NOON) }),
        ...Array.from({ length: 50 }, (_, i) => batch([event(ann, NOON + 1000 + i * 1000)])),
      ]);
      expect((await bench.table.events.latest(ann, 3))[0]).toEqual(late);
    });

    it("puts imported history where it belongs, however late it arrives", async () => {
      await bench.table.events.append([batch([event(ann, NOON)])]);
      const history = Array.from({ length: 40 }, (_, i) => {
        const at = NOON - 40 * DAY + i * DAY;
        return batch([event(ann, at)], { batchId: batchIdAt(at, `import-1/${i}`), receivedAt: NOON });
      });
      expect(await bench.table.events.append(history)).toEqual(history.map(() => "stored"));
      expect(await bench.table.events.append(history)).toEqual(history.map(() => "duplicate"));
      expect(times(await bench.table.events.latest(ann, 3))).toEqual([0, -DAY, -2 * DAY]);
    });

    it("sees at once what another process has acknowledged, in a loop that never yields otherwise", async () => {
      const other = await bench.another().open(bench.table.name);
      for (let i = 0; i < 50; i++) {
        const sent = event(ann, NOON + i);
        await other.events.append([batch([sent])]);
        expect(await bench.table.events.latest(ann, 1)).toEqual([sent]);
      }
      await other.close();
    });

    it("serves a shopper with 100,000 events without reading them all", async () => {
      for (let chunk = 0; chunk < 20; chunk++)
        await bench.table.events.append(
          Array.from({ length: 1000 }, (_, i) => {
            const at = NOON + (chunk * 1000 + i) * 5000;
            return batch(Array.from({ length: 5 }, (_, j) => event(ann, at - 4000 + j * 1000)));
          }),
        );
      const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
        const started = performance.now();
        return [await work(), performance.now() - started];
      };
      const [rows, wholeMs] = await timed(() => collect(bench.table.events.scan()));
      const [newest, latestMs] = await timed(() => bench.table.events.latest(ann, 50));
      const last = NOON + 19_999 * 5000;
      expect(rows).toHaveLength(20_000);
      expect(newest.map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, i) => iso(last - i * 1000)));
      expect(latestMs).toBeLessThan(wholeMs / 4);
    });
  });
}
