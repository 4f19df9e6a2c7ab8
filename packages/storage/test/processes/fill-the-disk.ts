/**
 * Appends until the disk is full, tries everything else, waits for `room` on standard input, goes on. Prints
 * `ack <batch id>`, `refused <what> <code>`, `reads <events>`, `recovered <batch id>`.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { EndcapError } from "@endcap/protocol";
import { openModels, openTables } from "@endcap/storage";
import { batch, event, item, NOON, served, TENANT } from "../contract/fixtures.ts";

const [dir = ""] = process.argv.slice(2);
const tables = openTables(`lmdb:${dir}`);
const models = openModels(`file:${dir}`).open(TENANT);
const table = await tables.open({ tenant: TENANT, env: "live" });
const say = (line: string) => writeSync(1, `${line}\n`);
const shopper = { anonymousId: "a_full" };
let at = NOON;

/** About 30 KB, so that no left-over free page takes it. */
const next = () =>
  batch(
    Array.from({ length: 60 }, () => event(shopper, at++, { context: { filler: crypto.randomUUID().repeat(10) } })),
    { batchId: crypto.randomUUID() },
  );

async function attempt(what: string, work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const code = error instanceof EndcapError ? error.code : `untyped: ${error}`;
    say(`refused ${what} ${code}`);
    return code;
  }
}

for (let code: string | undefined; code === undefined; ) {
  // Several at once: the fault of one group commit is the fault of each of its appends.
  const batches = Array.from({ length: 4 }, next);
  const codes = await Promise.all(
    batches.map((each) =>
      attempt("append", async () => {
        await table.events.append([each]);
        say(`ack ${each.batchId}`);
      }),
    ),
  );
  code = codes.find((each) => each !== undefined);
}
/** Nothing that compression could make small. */
const big = () => randomBytes(45_000).toString("base64");
await attempt("upsert", () =>
  table.catalogue.upsert(Array.from({ length: 80 }, (_, i) => item(`i${i}`, at, { title: big() }))),
);
await attempt("served", () =>
  table.served.put(Array.from({ length: 80 }, () => served(shopper, at, { variant: big() }))),
);
await attempt("model", () => models.putIfAbsent("v1.ecm", Buffer.alloc(24_000_000)));
await attempt("export", () => table.exportTo(`${dir}/exports`, { exportId: "1", now: at }));
say(`reads ${(await table.events.latest(shopper, 100)).length}`);

process.stdin.resume();
await once(process.stdin, "data");
for (let done = false; !done; ) {
  const each = next();
  done = (await attempt("append", () => table.events.append([each]))) === undefined;
  if (done) say(`recovered ${each.batchId}`);
}
await tables.close();
process.exit();
