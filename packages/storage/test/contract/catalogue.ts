import type { Item } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { collect, HARD_IDS, item, NOON, TENANT } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

const HOUR = 3_600_000;

/** What a consumer of the feed does: keep a copy, by the rules of the port. */
export class Replica {
  readonly items = new Map<string, Item>();
  resets = 0;
  #cursor: string | undefined;

  async follow(catalogue: CatalogStore, limit: number): Promise<void> {
    for (let more = true; more; ) {
      const answer = await catalogue.changesSince(this.#cursor, limit);
      this.#cursor = answer.cursor;
      if (answer.reset) {
        this.resets++;
        this.items.clear();
        for await (const found of catalogue.scan()) this.items.set(found.id, found);
        continue;
      }
      for (const change of answer.changes)
        if (change.kind === "upsert") this.items.set(change.id, change.item);
        else this.items.delete(change.id);
      more = answer.more;
    }
  }
}

export function catalogueContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: the catalogue`, () => {
    const bench = useTables(adapter, { feedRetentionMs: HOUR });
    const ids = async () => (await collect(bench.table.catalogue.scan())).map(({ id }) => id).toSorted();

    it("gives back what was written, in the order asked, with gaps", async () => {
      const full = item("a", NOON, {
        brand: "Ø",
        groupId: "g",
        hidden: true,
        listPrice: "12.00",
        attributes: { size: "M", tags: ["x", "y"], n: 1.5, yes: true },
      });
      expect(await bench.table.catalogue.upsert([full, item("b", NOON)])).toEqual(["stored", "stored"]);
      const [b, none, a] = await bench.table.catalogue.get(["b", "zz", "a"]);
      expect([b?.id, none, a]).toEqual(["b", undefined, full]);
      expect(await bench.table.catalogue.get([])).toEqual([]);
      expect(await bench.table.catalogue.upsert([])).toEqual([]);
    });

    it("applies a write only when its updatedAt is newer, within a call too", async () => {
      const { catalogue } = bench.table;
      await catalogue.upsert([item("a", NOON, { title: "first" })]);
      expect(await catalogue.upsert([item("a", NOON, { title: "same time" })])).toEqual(["stale"]);
      expect(await catalogue.upsert([item("a", NOON - 1)])).toEqual(["stale"]);
      expect(
        await catalogue.upsert([item("a", NOON + 2, { title: "third" }), item("a", NOON + 1, { title: "second" })]),
      ).toEqual(["stored", "stale"]);
      expect((await catalogue.get(["a"]))[0]?.title).toBe("third");
    });

    it("deletes as of a time: newer items stay, older writes cannot come back", async () => {
      const { catalogue } = bench.table;
      await catalogue.upsert([item("old", NOON), item("new", NOON + 10)]);
      expect(await catalogue.delete(["old", "new", "none"], NOON + 5)).toEqual(["deleted", "stale", "missing"]);
      expect(await catalogue.delete(["old"], NOON + 6)).toEqual(["missing"]);
      expect(await catalogue.upsert([item("old", NOON + 5), item("none", NOON + 5)])).toEqual(["stale", "stale"]);
      expect(await ids()).toEqual(["new"]);
      expect(await catalogue.upsert([item("old", NOON + 7)])).toEqual(["stored"]);
      expect(await ids()).toEqual(["new", "old"]);
    });

    it("keeps ids of every script and shape apart", async () => {
      await bench.table.catalogue.upsert(HARD_IDS.map((id) => item(id, NOON)));
      expect((await bench.table.catalogue.get(HARD_IDS)).map((found) => found?.id)).toEqual(HARD_IDS);
      expect(await ids()).toEqual(HARD_IDS.toSorted());
    });

    it("settles racing writers of the same items, here and in another process", async () => {
      const other = await bench.another().open(bench.table.name);
      const stores = [bench.table.catalogue, other.catalogue];
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) => stores[i % 2]?.upsert([item("a", NOON + i), item(`own-${i}`, NOON)])),
      );
      expect(results.every((result) => result?.[1] === "stored")).toBe(true);
      expect((await bench.table.catalogue.get(["a"]))[0]).toEqual(item("a", NOON + 39));
      expect(await ids()).toHaveLength(41);
      await other.close();
    });

    it("is one for both environments; the test environment reads it and may not write it", async () => {
      const test = await bench.tables.open({ tenant: TENANT, env: "test" });
      await bench.table.catalogue.upsert([item("a", NOON)]);
      expect((await test.catalogue.get(["a"]))[0]?.id).toBe("a");
      expect(await collect(test.catalogue.scan())).toHaveLength(1);
      await expect(test.catalogue.upsert([item("b", NOON)])).rejects.toMatchObject({ code: "catalogue_read_only" });
      await expect(test.catalogue.delete(["a"], NOON + 1)).rejects.toMatchObject({ code: "catalogue_read_only" });
      await test.close();
    });
  });

  describe(`${adapter.name}: the change feed`, () => {
    const bench = useTables(adapter, { feedRetentionMs: HOUR });
    const truth = async () => new Map((await collect(bench.table.catalogue.scan())).map((found) => [found.id, found]));

    it("starts with a reset, then brings every change in pages of any size", async () => {
      const { catalogue } = bench.table;
      await catalogue.upsert([item("before", NOON)]);
      for (const limit of [1, 3, 1000]) {
        const replica = new Replica();
        await replica.follow(catalogue, limit);
        const at = NOON + limit * 1000;
        await catalogue.upsert(Array.from({ length: 10 }, (_, i) => item(`i${i}`, at)));
        await catalogue.upsert([item("i3", at + 1, { price: "1.00" })]);
        await replica.follow(catalogue, limit);
        await catalogue.delete(["i4", "i5"], at + 2);
        await replica.follow(catalogue, limit);
        expect(replica.items).toEqual(await truth());
        expect(replica.resets).toBe(1);
      }
    });

    it("bounds a page by its limit and says when there is more", async () => {
      const { catalogue } = bench.table;
      const { cursor } = await catalogue.changesSince(undefined, 5);
      await catalogue.upsert(Array.from({ length: 12 }, (_, i) => item(`i${i}`, NOON)));
      const first = await catalogue.changesSince(cursor, 5);
      expect(first).toMatchObject({ reset: false, more: true });
      expect(!first.reset && first.changes.length).toBeLessThanOrEqual(5);
    });

    it("does not reset a reader that polls, however long nothing changes", async () => {
      const { catalogue } = bench.table;
      const replica = new Replica();
      await catalogue.upsert([item("a", NOON)]);
      for (let i = 0; i < 5; i++) {
        await replica.follow(catalogue, 10);
        bench.advance(HOUR - 1);
        await bench.table.sweep();
      }
      await catalogue.upsert([item("b", NOON + 1)]);
      await replica.follow(catalogue, 10);
      expect(replica.resets).toBe(1);
      expect(replica.items).toEqual(await truth());
    });

    it("resets a reader that was away longer than the feed reaches back, or whose cursor it does not know", async () => {
      const { catalogue } = bench.table;
      const replica = new Replica();
      await catalogue.upsert([item("a", NOON), item("b", NOON)]);
      await replica.follow(catalogue, 10);
      await catalogue.delete(["a"], NOON + 1);
      bench.advance(HOUR + 3 * 300_000);
      await catalogue.upsert([item("c", NOON + 2)]);
      await bench.table.sweep();
      await replica.follow(catalogue, 10);
      expect(replica.resets).toBe(2);
      expect(replica.items).toEqual(await truth());
      for (const cursor of ["", "nonsense", "1"])
        expect(await catalogue.changesSince(cursor, 10)).toMatchObject({ reset: true });
    });

    it("brings another process's changes", async () => {
      const other = await bench.another().open(bench.table.name);
      const replica = new Replica();
      await replica.follow(bench.table.catalogue, 10);
      for (let i = 0; i < 20; i++) {
        await other.catalogue.upsert([item(`i${i % 3}`, NOON + i)]);
        await replica.follow(bench.table.catalogue, 10);
        expect(replica.items).toEqual(await truth());
      }
      await other.close();
    });
  });
}
