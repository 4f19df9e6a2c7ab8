/** Appends until it is killed, and prints each batch id once its append was acknowledged: `ack <batch id> <events>`. */
import { writeSync } from "node:fs";
import { openTables } from "@endcap/storage";
import { batch, event, TENANT } from "../contract/fixtures.ts";

const [dir = "", name = ""] = process.argv.slice(2);
const table = await openTables(`lmdb:${dir}`).open({ tenant: TENANT, env: "live" });
// Some as large as many pages, so that kills fall into writes of every kind.
const sizes = [1, 1, 1, 40, 400];

async function append(loop: number): Promise<never> {
  for (let i = 0; ; i++) {
    const shopper = { anonymousId: `a_${name}_${loop}` };
    const at = Date.now();
    const events = Array.from({ length: sizes[i % sizes.length] ?? 1 }, () => event(shopper, at));
    // Ids of other processes must differ; the fixture's counter starts anew in each.
    const own = batch(events, { batchId: crypto.randomUUID() });
    const [result] = await table.events.append([own]);
    if (result !== "stored") throw new Error(`a new batch was answered ${result}`);
    writeSync(1, `ack ${own.batchId} ${events.length}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, loop) => append(loop)));
