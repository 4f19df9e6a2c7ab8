// What each process costs when nothing happens, one tenant with 10,000 items, a trained model and traffic behind it. The
// baseline is an empty Node process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { defineBench } from "./bench.ts";
import { makeItems } from "./recommend/catalogue.ts";
import { Shop } from "./smoke/shop.ts";
import { seededRandom } from "./stack/small-shop.ts";
import { startStack } from "./stack/stack.ts";
import { median, round3 } from "./stats.ts";

const mebibyte = 1024 * 1024;
const catalogueItems = 10_000;
const itemsPerRequest = 1_000;
const viewsPerVisit = 5;

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
    const items = makeItems(
      Array.from({ length: catalogueItems }, (_, n) => `item-${n}`),
      Date.now(),
    );
    for (let from = 0; from < items.length; from += itemsPerRequest)
      await shop.server.items.upsert(items.slice(from, from + itemsPerRequest));
    const random = seededRandom(9);
    const visits = short ? 600 : 6_000;
    for (let s = 0; s < visits; s++) {
      const aisle = Math.floor(250 * random() ** 2) * 40;
      for (let view = 0; view < viewsPerVisit; view++) {
        const id = `item-${aisle + Math.floor(40 * random())}`;
        shop.server.track("view_item", { userId: `shopper-${s}`, items: [{ id }], at: new Date(Date.now() - 60_000) });
      }
    }
    await shop.server.close();
    await stack.trainFor(keys.id);
    for (let n = 0; n < (short ? 100 : 2_000); n++)
      await stack.admin("POST", `/v1/tenants/${keys.id}/recommendations`, {
        strategy: "for_you",
        shopper: { userId: `shopper-${n % visits}` },
      });

    const empty = fork(fileURLToPath(new URL("load/empty.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
    cleanup(() => void empty.kill());
    await once(empty, "message");

    const processes = (await stack.processes()).filter(({ pid }) => pid !== undefined);
    const samples = new Map<string, { rssMb: number; pssMb: number }[]>();
    const rounds = short ? 3 : 5;
    // A recommender gives back what its last requests left behind after half a minute without any.
    await sleep(31_000);
    for (let round = 0; round < rounds; round++) {
      await sleep(short ? 3_000 : 6_000);
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
