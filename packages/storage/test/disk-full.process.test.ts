import { openTables } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { TENANT } from "./contract/fixtures.ts";
import { Program } from "./processes/program.ts";
import { smallDisks } from "./processes/small-disk.ts";

describe.each(smallDisks)("a full disk (%s)", (_, make) => {
  it("refuses with storage_full, loses nothing acknowledged, and goes on when there is room", async () => {
    const disk = await make();
    try {
      using program = new Program("fill-the-disk.ts", [`${disk.dir}/tenants`], disk.wrap);
      await program.line("reads 100");
      const refused = program.lines.filter((line) => line.startsWith("refused")).map((line) => line.split(" "));
      const codes = (what: string) => new Set(refused.filter((words) => words[1] === what).map((words) => words[2]));
      expect(codes("append")).toContain("storage_full");
      for (const words of refused) expect(words[2]).toBe("storage_full");
      for (const what of ["upsert", "served", "model"]) expect(codes(what).size).toBe(1);

      disk.grow(program.process.pid ?? 0);
      program.tell("room");
      await program.line("recovered");
      await program.ended();

      const acknowledged = program.lines
        .filter((line) => /^(ack|recovered) /.test(line))
        .map((line) => line.split(" ")[1]);
      const tables = openTables(`lmdb:${disk.dir}/tenants`);
      const stored = new Set<string>();
      const table = await tables.open({ tenant: TENANT, env: "live" });
      for await (const row of table.events.scan()) stored.add(row.batchId);
      await tables.close();
      expect(acknowledged.filter((batchId) => !stored.has(batchId ?? ""))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(50);
    } finally {
      await disk.remove();
    }
  });
});
