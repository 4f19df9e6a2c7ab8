import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLmdbTables } from "../src/lmdb/tables.ts";
import { item, NOON, TENANT } from "./contract/fixtures.ts";
import { Program } from "./processes/program.ts";

it("a reader killed inside a read transaction does not make the file grow for ever", async () => {
  const dir = await mkdtemp(join(tmpdir(), "endcap-reader-"));
  // Feed commits pile up until swept, so they are kept for no time at all.
  const tables = openLmdbTables(dir, { readerCheckMs: 100, feedRetentionMs: -3600_000 });
  try {
    const table = await tables.open({ tenant: TENANT, env: "live" });
    let at = NOON;
    /** Rewrites the same 300 items `times` times: without free pages, about 300 KB each. */
    const rewrite = async (times: number) => {
      for (let i = 0; i < times; i++) {
        at++;
        await table.catalogue.upsert(
          Array.from({ length: 300 }, (_, n) => item(`i${n}`, at, { title: `${crypto.randomUUID()} `.repeat(24) })),
        );
        if (i % 10 === 0) await table.sweep();
      }
      return (await table.stats()).bytes;
    };
    const steady = await rewrite(60);
    expect(await rewrite(60)).toBeLessThanOrEqual(steady * 1.5);

    using reader = new Program("hold-a-snapshot.ts", [join(dir, TENANT, "live")]);
    await reader.line("holding");
    const held = await rewrite(60);
    // The trap is real: while the reader lives, every page it can see is kept.
    expect(held).toBeGreaterThan(steady * 3);
    await reader.kill();

    // Left to itself lmdb would keep them for ever; the check frees the dead reader's slot.
    await rewrite(10);
    const before = (await table.stats()).bytes;
    const after = await rewrite(150);
    // With the dead reader's slot in place these rewrites would more than double it.
    expect(after).toBeLessThanOrEqual(before * 1.5);
    console.info(
      `file: steady ${mb(steady)}, with a living reader ${mb(held)}, 150 rewrites after its death ${mb(after)}`,
    );
  } finally {
    await tables.close();
    await rm(dir, { recursive: true, force: true });
  }
});

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
