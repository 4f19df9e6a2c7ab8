import type { Event } from "@endcap/protocol";
import type { AppendBatch } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { batch, collect, event, HARD_IDS, iso, NOON, sha256, uuidAt } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

export function eventsContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: appending events`, () => {
    const bench = useTables(adapter);
    const ann = { anonymousId: "a_ann" };

    it("stores a batch and gives every field back", async () => {
      const full: Event = {
        id: uuidAt(NOON),
        type: "purchase",
        at: "2026-11-19T13:00:00.5+01:00",
        shopper: { anonymousId: "a_ann", userId: "u1" },
        visitId: "v1",
        items: [{ id: "商品#1", quantity: 2, price: 9.9 }],
        value: 19.8,
        currency: "EUR",
        transactionId: "t#1",
        query: 'quote " backslash \\ newline \n',
        placement: "home",
        recommendationId: uuidAt(NOON),
        position: 3,
        page: { url: "https://shop.example/ü", title: "🦆" },
        context: { deep: { list: [1, null, true, "x"] } },
      };
      expect(await bench.table.events.append([batch([full], { receivedAt: NOON })])).toEqual(["stored"]);
      expect(await bench.table.events.latest({ userId: "u1" }, 5)).toEqual([full]);
    });

    it("answers duplicate for the same batch again and writes nothing", async () => {
      const sent = batch([event(ann, NOON)]);
      expect(await bench.table.events.append([sent])).toEqual(["stored"]);
      const before = await collect(bench.table.events.scan());
      expect(await bench.table.events.append([{ ...sent, receivedAt: NOON + 9 }])).toEqual(["duplicate"]);
      expect(await collect(bench.table.events.scan())).toEqual(before);
    });

    it("answers changed for the same id with another digest and keeps the first", async () => {
      const sent = batch([event(ann, NOON)]);
      await bench.table.events.append([sent]);
      const changed = batch([event(ann, NOON + 1)], { batchId: sent.batchId });
      expect(await bench.table.events.append([changed])).toEqual(["changed"]);
      expect(await bench.table.events.latest(ann, 5)).toEqual(sent.parts[0]?.events);
    });

    it("judges batches one by one within a call, also against each other", async () => {
      const first = batch([event(ann, NOON)]);
      const changed = { ...first, digest: sha256("other") };
      const second = batch([event(ann, NOON + 1)]);
      expect(await bench.table.events.append([first, first, changed, second])).toEqual([
        "stored",
        "duplicate",
        "changed",
        "stored",
      ]);
      expect(await bench.table.events.append([])).toEqual([]);
    });

    it("answers many concurrent calls each with its own result", async () => {
      const batches = Array.from({ length: 200 }, (_, i) => batch([event({ anonymousId: `a_${i % 7}` }, NOON + i)]));
      const results = await Promise.all([...batches, ...batches].map((each) => bench.table.events.append([each])));
      const flat = results.flat();
      for (let i = 0; i < 200; i++) expect([flat[i], flat[i + 200]].sort()).toEqual(["duplicate", "stored"]);
      expect(await collect(bench.table.events.scan())).toHaveLength(200);
    });

    it("stores the parts of a batch of several shoppers, up to 500", async () => {
      const parts = Array.from({ length: 500 }, (_, i) => ({
        shopper: { kind: "user" as const, id: `u${i}` },
        events: [event({ userId: `u${i}` }, NOON + i)],
      }));
      const sent: AppendBatch = { batchId: uuidAt(NOON), digest: sha256("500"), receivedAt: NOON, parts };
      expect(await bench.table.events.append([sent])).toEqual(["stored"]);
      expect(await bench.table.events.append([sent])).toEqual(["duplicate"]);
      expect(await bench.table.events.latest({ userId: "u499" }, 5)).toHaveLength(1);
    });

    it("completes a batch of which only some parts are there", async () => {
      const one = { shopper: { kind: "user" as const, id: "u1" }, events: [event({ userId: "u1" }, NOON)] };
      const two = { shopper: { kind: "user" as const, id: "u2" }, events: [event({ userId: "u2" }, NOON)] };
      const whole: AppendBatch = { batchId: uuidAt(NOON), digest: sha256("x"), receivedAt: NOON, parts: [one, two] };
      await bench.table.events.append([{ ...whole, parts: [one] }]);
      expect(await bench.table.events.append([whole])).toEqual(["stored"]);
      expect(await bench.table.events.latest({ userId: "u2" }, 5)).toEqual(two.events);
      expect(await bench.table.events.append([whole])).toEqual(["duplicate"]);
    });

    it("says that a batch of which one part has changed is another, and whole or in part as it promises", async () => {
      const old = batch([event({ userId: "u1" }, NOON)]);
      await bench.table.events.append([old]);
      const parts = [
        { shopper: { kind: "user" as const, id: "u2" }, events: [event({ userId: "u2" }, NOON)] },
        { shopper: { kind: "user" as const, id: "u1" }, events: [event({ userId: "u1" }, NOON)] },
      ];
      const changed: AppendBatch = { batchId: old.batchId, digest: sha256("y"), receivedAt: NOON, parts };
      expect(await bench.table.events.append([changed])).toEqual(["changed"]);
      const written = adapter.capabilities.atomicBatches ? [] : parts[0]?.events;
      expect(await bench.table.events.latest({ userId: "u2" }, 5)).toEqual(written);
    });

    it("keeps ids of every script and shape apart", async () => {
      for (const id of HARD_IDS)
        for (const shopper of [{ anonymousId: id }, { userId: id }])
          expect(await bench.table.events.append([batch([event(shopper, NOON, { query: id })])])).toEqual(["stored"]);
      for (const id of HARD_IDS)
        for (const shopper of [{ anonymousId: id }, { userId: id }])
          expect(await bench.table.events.latest(shopper, 9)).toMatchObject([{ shopper, query: id }]);
      expect(await collect(bench.table.events.scan())).toHaveLength(2 * HARD_IDS.length);
    });

    it("refuses ids that no key can hold, alone", async () => {
      for (const id of ["", "nul\0", "line\nfeed", "x".repeat(501), "é".repeat(251)])
        await expect(bench.table.events.append([batch([event({ userId: id }, NOON)])])).rejects.toMatchObject({
          code: "invalid_request",
        });
      expect(await bench.table.events.append([batch([event(ann, NOON)])])).toEqual(["stored"]);
    });
  });

  describe(`${adapter.name}: expiry of events`, () => {
    const bench = useTables(adapter);
    const ann = { anonymousId: "a_ann" };

    it("leaves expired rows out everywhere, then sweeps them", async () => {
      await bench.table.events.append([
        batch([event(ann, NOON)], { expiresAt: NOON + 10_000 }),
        batch([event(ann, NOON + 1)], { expiresAt: NOON + 90_000 }),
        batch([event(ann, NOON + 2)]),
      ]);
      const times = async () => (await bench.table.events.latest(ann, 9)).map(({ at }) => at);
      const scanned = async () => (await collect(bench.table.events.scan())).length;
      expect(await times()).toEqual([iso(NOON + 2), iso(NOON + 1), iso(NOON)]);
      bench.advance(10_000);
      expect(await times()).toEqual([iso(NOON + 2), iso(NOON + 1)]);
      expect(await scanned()).toBe(2);
      expect(await bench.table.sweep()).toBe(1);
      expect(await bench.table.sweep()).toBe(0);
      bench.advance(80_000);
      expect(await times()).toEqual([iso(NOON + 2)]);
      expect(await bench.table.sweep()).toBe(1);
      expect(await scanned()).toBe(1);
    });
  });

  describe(`${adapter.name}: scanning events`, () => {
    const bench = useTables(adapter);

    it("walks all shoppers, one after another, oldest batch first, with everything a row holds", async () => {
      const sent = ["b", "a", "c"].flatMap((id) =>
        [3, 1, 2].map((i) => batch([event({ userId: id }, NOON + i * 1000)], { expiresAt: NOON + 3_600_000 })),
      );
      await bench.table.events.append(sent);
      const rows = await collect(bench.table.events.scan());
      expect(rows.map(({ shopper }) => shopper.id)).toEqual(["a", "a", "a", "b", "b", "b", "c", "c", "c"]);
      const times = rows.map(({ events }) => Date.parse(events[0]?.at ?? ""));
      expect(times.slice(0, 3)).toEqual([NOON + 1000, NOON + 2000, NOON + 3000]);
      const [first] = rows;
      const original = sent.find(({ batchId }) => batchId === first?.batchId);
      expect(first).toEqual({
        shopper: { kind: "user", id: "a" },
        batchId: original?.batchId,
        digest: Buffer.from(original?.digest ?? []),
        receivedAt: original?.receivedAt,
        expiresAt: NOON + 3_600_000,
        events: original?.parts[0]?.events,
      });
    });

    it("takes a range of receive times, its end excluded", async () => {
      await bench.table.events.append([0, 1, 2, 3].map((i) => batch([event({ userId: "u" }, NOON + i)])));
      const rows = await collect(bench.table.events.scan({ from: NOON + 1, to: NOON + 3 }));
      expect(rows.map(({ receivedAt }) => receivedAt)).toEqual([NOON + 1, NOON + 2]);
    });

    it("lets the event loop turn while it walks many rows", async () => {
      const batches = Array.from({ length: 5000 }, (_, i) => batch([event({ userId: `u${i % 50}` }, NOON + i)]));
      await bench.table.events.append(batches);
      let turns = 0;
      let walking = true;
      const tick = () => {
        turns++;
        if (walking) setImmediate(tick);
      };
      setImmediate(tick);
      const rows = await collect(bench.table.events.scan());
      walking = false;
      expect(rows).toHaveLength(5000);
      expect(turns).toBeGreaterThan(2);
    });
  });
}
