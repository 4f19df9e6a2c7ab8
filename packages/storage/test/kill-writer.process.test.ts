import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTables } from "@endcap/storage";
import { expect, it } from "vitest";
import { batch, event, TENANT } from "./contract/fixtures.ts";
import { Program } from "./processes/program.ts";

const KILLS = 50;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** Mulberry32: enough to choose moments, and repeatable by its seed. */
function random(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

it(`a writer killed ${KILLS} times loses no acknowledged event and stops no other writer (seed ${seed})`, {
  timeout: 300_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), "endcap-kill-"));
  const next = random(seed);
  const tables = openTables(`lmdb:${dir}/tenants`);
  try {
    const table = await tables.open({ tenant: TENANT, env: "live" });
    const acknowledged = new Map<string, number>();
    const round = async (n: number) => {
      using writer = new Program("append-for-ever.ts", [`${dir}/tenants`, String(n)]);
      await writer.line("ack");
      await new Promise((resolve) => setTimeout(resolve, next() * 60));
      // While the writer dies, this process writes as well: a lock that died with its holder must not keep it waiting.
      const own = batch([event({ userId: "survivor" }, Date.now())], { batchId: crypto.randomUUID() });
      const [results] = await Promise.all([table.events.append([own]), writer.kill()]);
      expect(results).toEqual(["stored"]);
      acknowledged.set(own.batchId, 1);
      for (const line of writer.lines) {
        const [, batchId = "", events] = line.split(" ");
        acknowledged.set(batchId, Number(events));
      }
    };
    // Two at a time: starting a process takes longer than killing it, and their writes meet.
    for (let n = 0; n < KILLS; n += 2) await Promise.all([round(n), round(n + 1)]);

    const stored = new Map<string, number>();
    for await (const row of table.events.scan()) stored.set(row.batchId, row.events.length);
    const lost = [...acknowledged].filter(([batchId, events]) => stored.get(batchId) !== events);
    expect(lost).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(2 * KILLS);
    console.info(`${KILLS} kills, ${acknowledged.size} batches acknowledged, ${lost.length} lost`);
  } finally {
    await tables.close();
    await rm(dir, { recursive: true, force: true });
  }
});
