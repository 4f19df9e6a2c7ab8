import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { checkExport, readExport } from "@endcap/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batch, collect, event, HARD_IDS, item, NOON, served, sha256 } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

export function exportContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: the export`, () => {
    const bench = useTables(adapter);
    let dir: string;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), "endcap-export-"));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    const write = (exportId = "01") => bench.table.exportTo(dir, { exportId, now: bench.now() });

    it("holds every row of every kind, decoded as it was written", async () => {
      const { events, served: log, catalogue, imports } = bench.table;
      const sent = HARD_IDS.map((id) =>
        batch([event({ userId: id, anonymousId: "a_1" }, NOON, { query: "\u2028 \\" })]),
      );
      await events.append(sent);
      await events.append([batch([event({ anonymousId: "gone" }, NOON)], { expiresAt: NOON })]);
      await events.link({ anonymousId: "a_1", userId: "u", at: NOON });
      const list = served({ anonymousId: "a_1" }, NOON);
      await log.put([list]);
      await catalogue.upsert([item("i1", NOON), item("i2", NOON)]);
      await catalogue.delete(["i2"], NOON + 1);
      const digest = Buffer.from(sha256("p"));
      await imports.put("may", { part: 1, digest, events: 1, items: 2, deletes: 3, rejected: 4, at: NOON });
      await imports.complete("may", NOON + 1);

      const { path, rows, events: count } = await write();
      const found = await collect(readExport(path));
      const of = (kind: string) => found.filter((row) => row.kind === kind);
      const batches = (await collect(events.scan())).map((row) => ({ kind: "events", ...row }));
      expect(of("events")).toEqual(expect.arrayContaining(batches));
      expect(of("events")).toHaveLength(HARD_IDS.length);
      expect(count).toBe(HARD_IDS.length);
      expect(of("link")).toEqual([{ kind: "link", anonymousId: "a_1", userId: "u", at: NOON }]);
      expect(of("served")).toEqual([{ kind: "served", record: list, expiresAt: undefined }]);
      expect(of("item")).toEqual([{ kind: "item", item: item("i1", NOON) }]);
      expect(of("deletedItem")).toEqual([{ kind: "deletedItem", id: "i2", at: NOON + 1 }]);
      expect(of("import")).toMatchObject([{ importId: "may", part: { part: 1, rejected: 4, digest } }]);
      expect(of("importCompleted")).toEqual([{ kind: "importCompleted", importId: "may", at: NOON + 1 }]);
      expect(await collect(readExport(path, ["item", "link"]))).toHaveLength(2);
      expect(await checkExport(path)).toMatchObject({ rows, exportTime: new Date(NOON).toISOString() });
    });

    it("has the layout of DynamoDB's export to S3", async () => {
      await bench.table.events.append([batch([event({ anonymousId: "a_1" }, NOON)], { expiresAt: NOON + 5000 })]);
      const { path } = await write("0123-abc");
      expect(path).toBe(join(dir, "AWSDynamoDB", "0123-abc"));
      const names = await readdir(path);
      expect(names.toSorted()).toEqual(["data", "manifest-files.json", "manifest-summary.json"]);
      const summary = JSON.parse(await readFile(join(path, "manifest-summary.json"), "utf8"));
      expect(summary).toMatchObject({ itemCount: 1, outputFormat: "DYNAMODB_JSON", version: "2020-06-30" });
      const [file = ""] = await readdir(join(path, "data"));
      const lines = gunzipSync(await readFile(join(path, "data", file)))
        .toString()
        .split("\n");
      expect(lines).toHaveLength(2);
      const { Item } = JSON.parse(lines[0] ?? "");
      expect(Item.pk).toEqual({ S: "S#a#a_1" });
      expect(Item.sk.S).toMatch(/^E#[0-9a-f-]{36}$/);
      expect(Item.ttl).toEqual({ N: String((NOON + 5000) / 1000) });
    });

    it("exports an empty table", async () => {
      const { path, rows } = await write();
      expect(rows).toBe(0);
      expect(await collect(readExport(path))).toEqual([]);
    });

    it("refuses an export without its summary: it is not finished", async () => {
      const { path } = await write();
      await rm(join(path, "manifest-summary.json"));
      await expect(collect(readExport(path))).rejects.toMatchObject({ code: "file_not_found" });
    });

    it("refuses a truncated, an altered and a missing data file, before the first row", async () => {
      await bench.table.events.append(Array.from({ length: 500 }, (_, i) => batch([event({ userId: "u" }, NOON + i)])));
      const { path } = await write();
      const [name = ""] = await readdir(join(path, "data"));
      const file = join(path, "data", name);
      const whole = await readFile(file);
      const damages = [
        () => truncate(file, whole.length - 100),
        () => writeFile(file, Buffer.concat([whole.subarray(0, 50), Buffer.from([1]), whole.subarray(51)])),
        () => rm(file),
      ];
      for (const damage of damages) {
        await writeFile(file, whole);
        await damage();
        let rows = 0;
        const read = async () => {
          for await (const _ of readExport(path)) rows++;
        };
        await expect(read()).rejects.toMatchObject({ code: "export_damaged" });
        expect(rows).toBe(0);
      }
      await writeFile(file, whole);
      const manifest = join(path, "manifest-summary.json");
      await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"itemCount":500', '"itemCount":501'));
      await expect(checkExport(path)).rejects.toMatchObject({ code: "export_damaged" });
    });

    it("refuses an export id that is a path", async () => {
      for (const exportId of ["", "../x", "a/b", "."])
        await expect(write(exportId)).rejects.toMatchObject({ code: "invalid_request" });
    });

    it("replaces what an interrupted export of the same id left", async () => {
      await bench.table.events.append([batch([event({ userId: "u" }, NOON)])]);
      const { path } = await write();
      await bench.table.events.append([batch([event({ userId: "u" }, NOON + 1)])]);
      await writeFile(join(path, "data", "left-over.json.gz"), "half");
      await write();
      expect(await collect(readExport(path))).toHaveLength(2);
      expect(await readdir(join(path, "data"))).toHaveLength(1);
    });
  });
}
