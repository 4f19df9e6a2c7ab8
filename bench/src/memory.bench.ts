// What each process costs when nothing happens, one tenant with a trained model. The baseline is an empty Node process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { defineBench } from "./bench.ts";
import { Shop } from "./smoke/shop.ts";
import { shopItems, visits } from "./stack/small-shop.ts";
import { startStack } from "./stack/stack.ts";
import { median, round3 } from "./stats.ts";

const mebibyte = 1024 * 1024;

/** Resident and private memory of a process and, for PostgreSQL, of its children. */
async function memoryOf(pid: number): Promise<{ rssMb: number; pssMb: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? Number.NaN);
  return { rssMb: (kilobytes("Rss") * 1024) / mebibyte, pssMb: (kilobytes("Pss") * 1024) / mebibyte };
}

export default defineBench({
  summary: "resident memory of each idle process",
  async run({ short, cleanup }) {
    const stack = await startStack({ cleanup });
    const keys = await stack.createTenant("memory");
    const shop = new Shop(keys, stack.ready.gatewayUrl, "");
    await shop.server.items.upsert(shopItems(new Date().toISOString()));
    for (const { type, data } of visits(300, Date.now())) shop.server.track(type, data);
    await shop.server.close();
    await stack.trainFor(keys.id);

    const empty = fork(fileURLToPath(new URL("load/empty.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
    cleanup(() => void empty.kill());
    await once(empty, "message");

    const processes = (await stack.processes()).filter(({ pid }) => pid !== undefined);
    const samples = new Map<string, { rssMb: number; pssMb: number }[]>();
    const rounds = short ? 2 : 10;
    for (let round = 0; round < rounds; round++) {
      await sleep(short ? 200 : 3_000);
      for (const { kind, pid } of [...processes, { kind: "emptyNode", pid: empty.pid }]) {
        samples.set(kind, [...(samples.get(kind) ?? []), await memoryOf(pid as number)]);
      }
    }
    const figures = Object.fromEntries(
      [...samples].map(([kind, each]) => [
        `${kind}`,
        {
          rssMb: round3(median(each.map(({ rssMb }) => rssMb))),
          pssMb: round3(median(each.map(({ pssMb }) => pssMb))),
        },
      ]),
    );
    return { ok: processes.length >= 5, figures };
  },
});
