// How soon a large model answers: from asking the model store for it to a model that ranks, checksums included, in a
// process of its own. The baseline reads the same bytes and does nothing with them. The page cache is warm.
import { fork } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineBench } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { writeDenseModel } from "./open/dense-model.ts";
import type { Opened } from "./open/open-model.ts";
import { median, round3, spread } from "./stats.ts";

const openMsMax = 1_000;

export default defineBench({
  summary: "a model of 1,000,000 items: from the store to ranking, beside reading its bytes alone",
  options: { items: { type: "string" }, neighbours: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    const items = Number(options.items ?? (short ? 2e4 : 1e6));
    const neighbours = Number(options.neighbours ?? 80);
    const directory = await mkdtemp(join(tmpdir(), "endcap-open-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const { tenant, path } = await writeDenseModel(directory, items, neighbours);
    const modelMb = (await stat(path)).size / 2 ** 20;
    log(`${items} items: ${round3(modelMb)} MB`);

    const ask = (what: "open" | "read"): Promise<Opened> => {
      const script = fileURLToPath(new URL("open/open-model.ts", import.meta.url));
      const child = fork(script, [what, directory, tenant], { stdio: ["ignore", 2, 2, "ipc"] });
      cleanup(() => void child.kill());
      return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`open-model ${what} ended with ${code}`)));
        child.once("message", (answer) => resolve(answer as Opened));
      });
    };
    const rounds = short ? 1 : 5;
    const opened: Opened[] = [];
    const read: Opened[] = [];
    await ask("read");
    for (let round = 0; round < rounds; round++) {
      read.push(await ask("read"));
      opened.push(await ask("open"));
      log(
        `round ${round + 1} of ${rounds}: ${round3(opened.at(-1)?.ms ?? 0)} ms, read ${round3(read.at(-1)?.ms ?? 0)} ms`,
      );
    }
    const openMs = median(opened.map(({ ms }) => ms));
    return {
      ok: opened.every(({ items: known }) => known === items) && (short || openMs < openMsMax),
      figures: {
        openMs: round3(openMs),
        openMsSpread: round3(spread(opened.map(({ ms }) => ms))),
        readMs: round3(median(read.map(({ ms }) => ms))),
        turnMsMax: round3(median(opened.map(({ turnMsMax }) => turnMsMax))),
        items,
        modelMb: round3(modelMb),
        rounds,
        machine: await describeMachine(directory),
      },
    };
  },
});
