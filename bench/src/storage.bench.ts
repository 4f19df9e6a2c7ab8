// The embedded store: durable appends, the newest events of a shopper, whole-table walks; each beside the plainest thing
// that does the same job: a file with fdatasync, JSON.parse of what is in memory, an NDJSON file.
import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Event, uuidV7 } from "@endcap/protocol";
import { type AppendBatch, openTables, readExport, type TenantTable } from "@endcap/storage";
import { defineBench, type Figures } from "./bench.ts";
import { describeMachine, measureFsync } from "./machine.ts";
import { measureInRounds, type Rival } from "./rounds.ts";
import { quantile, round3 } from "./stats.ts";

const TENANT = "tnt-benchbenchbenchb";
const CONCURRENCY = 64;
const EVENTS_PER_SHOPPER = 50;
const EVENTS_PER_BATCH = 5;
const digest = new Uint8Array(32);
const random = (bytes: Uint8Array<ArrayBuffer>) => randomFillSync(bytes);

/** About 400 bytes as JSON, as a shop's product page sends it. */
function oneEvent(anonymousId: string, at: number, n: number): Event {
  const sku = `SKU-${(n * 7919) % 5000}`;
  return {
    id: uuidV7(at, random),
    type: n % 5 === 0 ? "add_to_cart" : "view_item",
    at: new Date(at).toISOString(),
    shopper: { anonymousId },
    visitId: `v_${anonymousId.slice(2, 10)}`,
    items: [{ id: sku, quantity: 1, price: 19.95 }],
    currency: "EUR",
    page: {
      url: `https://shop.example/products/${sku}`,
      referrer: "https://shop.example/categories/garden-tools",
      title: `Garden chair ${n}`,
    },
  };
}

function oneBatch(anonymousId: string, at: number, count: number): AppendBatch {
  const events = Array.from({ length: count }, (_, i) => oneEvent(anonymousId, at - i * 1000, i));
  const shopper = { kind: "anonymous", id: anonymousId } as const;
  return { batchId: uuidV7(at, random), digest, receivedAt: at, parts: [{ shopper, events }] };
}

const shopperId = (n: number): string => `a_${String(n).padStart(22, "0")}`;

/** Appends per second of `append`, called by 64 loops at once for `ms`. */
async function appendsPerSecond(
  ms: number,
  append: (loop: number) => Promise<unknown>,
  latencies: number[],
): Promise<number> {
  const start = performance.now();
  let count = 0;
  const loop = async (n: number) => {
    for (let now = performance.now(); now - start < ms; now = performance.now()) {
      await append(n);
      latencies.push(performance.now() - now);
      count++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, (_, n) => loop(n)));
  return (count * 1000) / (performance.now() - start);
}

/** The baseline: lines appended to a file, group-committed by fdatasync; no index, no duplicates noticed. */
async function openLog(path: string): Promise<{ append(line: string): Promise<void>; close(): Promise<void> }> {
  const file = await open(path, "a");
  let waiting: { line: string; done: () => void }[] = [];
  let busy = false;
  const run = async () => {
    while (waiting.length > 0) {
      await new Promise(setImmediate);
      const group = waiting;
      waiting = [];
      await file.write(group.map(({ line }) => line).join(""));
      await file.datasync();
      for (const { done } of group) done();
    }
    busy = false;
  };
  return {
    append: (line) =>
      new Promise((done) => {
        waiting.push({ line, done });
        if (busy) return;
        busy = true;
        void run();
      }),
    close: () => file.close(),
  };
}

async function appends(table: TenantTable, dir: string, short: boolean): Promise<Figures> {
  const ms = short ? 150 : 2000;
  const log = await openLog(join(dir, "appends.log"));
  const latencies: number[] = [];
  const rivals: [Rival, Rival] = [
    {
      name: "file",
      round: () =>
        appendsPerSecond(ms, (n) => log.append(`${JSON.stringify(oneBatch(shopperId(n), Date.now(), 1))}\n`), []),
    },
    {
      name: "store",
      round: () => appendsPerSecond(ms, (n) => table.events.append([oneBatch(shopperId(n), Date.now(), 1)]), latencies),
    },
  ];
  const [file, store] = await measureInRounds(rivals, short ? 3 : 5);
  await log.close();
  assert.ok(file && store);
  return {
    appendsPerSecond: store.median,
    vsFileAppend: store.vsBaseline,
    spread: store.spread,
    ackMsP50: round3(quantile(latencies, 0.5)),
    ackMsP99: round3(quantile(latencies, 0.99)),
    fileAppendsPerSecond: file.median,
  };
}

async function fill(table: TenantTable, shoppers: number): Promise<number> {
  const start = performance.now();
  let waiting: AppendBatch[] = [];
  const now = Date.now();
  for (let n = 0; n < shoppers; n++) {
    for (let b = 0; b < EVENTS_PER_SHOPPER / EVENTS_PER_BATCH; b++)
      waiting.push(oneBatch(shopperId(1000 + n), now - b * 600_000, EVENTS_PER_BATCH));
    if (waiting.length < 2000 && n < shoppers - 1) continue;
    await table.events.append(waiting);
    waiting = [];
  }
  return (shoppers * EVENTS_PER_SHOPPER * 1000) / (performance.now() - start);
}

async function latest(table: TenantTable, shoppers: number, short: boolean): Promise<Figures> {
  const calls = short ? 200 : 3000;
  const texts: string[] = [];
  for await (const { events } of table.events.scan()) {
    if (texts.push(JSON.stringify(events)) === EVENTS_PER_SHOPPER / EVENTS_PER_BATCH) break;
  }
  const read = (n: number) => async () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const events = await table.events.latest({ anonymousId: shopperId(1000 + (i % shoppers)) }, n);
      assert.equal(events.length, n);
    }
    return ((performance.now() - start) * 1000) / calls;
  };
  const parse = () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) for (const text of texts) JSON.parse(text);
    return ((performance.now() - start) * 1000) / calls;
  };
  const rivals: [Rival, ...Rival[]] = [
    { name: "parse", round: parse },
    { name: "latest50", round: read(EVENTS_PER_SHOPPER) },
    { name: "latest20", round: read(20) },
  ];
  const [baseline, all, some] = await measureInRounds(rivals, short ? 3 : 9);
  assert.ok(baseline && all && some);
  return {
    latest50Us: all.median,
    latest20Us: some.median,
    latest50VsParse: all.vsBaseline,
    parse50Us: baseline.median,
  };
}

/** Events per second of a walk over everything. */
async function walk(events: AsyncIterable<{ readonly events: readonly Event[] }>): Promise<number> {
  const start = performance.now();
  let count = 0;
  for await (const batch of events) count += batch.events.length;
  return (count * 1000) / (performance.now() - start);
}

async function* readLines(path: string): AsyncGenerator<{ events: Event[] }> {
  for await (const line of createInterface({ input: createReadStream(path) })) yield { events: JSON.parse(line) };
}

async function walks(table: TenantTable, dir: string, short: boolean): Promise<Figures> {
  const plain = join(dir, "events.ndjson");
  const lines = async function* () {
    for await (const { events } of table.events.scan()) yield `${JSON.stringify(events)}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(plain));
  let exported = "";
  const rivals: [Rival, ...Rival[]] = [
    { name: "ndjson", round: () => walk(readLines(plain)) },
    { name: "scan", round: () => walk(table.events.scan()) },
    {
      name: "export",
      async round() {
        const start = performance.now();
        const { path, events } = await table.exportTo(dir, { exportId: "bench", now: Date.now() });
        exported = path;
        return (events * 1000) / (performance.now() - start);
      },
    },
    { name: "readExport", round: () => walk(readExport(exported, ["events"])) },
  ];
  const measured = await measureInRounds(rivals, short ? 2 : 5);
  const [ndjson, scan, written, read] = measured;
  assert.ok(ndjson && scan && written && read);
  return {
    ndjsonEventsPerSecond: ndjson.median,
    scanEventsPerSecond: scan.median,
    scanVsNdjson: scan.vsBaseline,
    exportEventsPerSecond: written.median,
    readExportEventsPerSecond: read.median,
  };
}

export default defineBench({
  summary: "the embedded store: durable appends, latest events, scan and export, beside a plain file",
  options: { directory: { type: "string", default: tmpdir() } },
  async run({ short, options, log, cleanup }) {
    const dir = await mkdtemp(join(String(options.directory), "endcap-storage-"));
    cleanup(() => rm(dir, { recursive: true, force: true }));
    const tables = openTables(`lmdb:${dir}/tenants`);
    cleanup(() => tables.close());
    const table = await tables.open({ tenant: TENANT, env: "live" });

    const shoppers = short ? 100 : 4000;
    log(`${shoppers} shoppers with ${EVENTS_PER_SHOPPER} events each`);
    const bulkEventsPerSecond = round3(await fill(table, shoppers));
    const { rows, bytes } = await table.stats();
    const figures = {
      bulkEventsPerSecond,
      bytesPerRow: Math.round(bytes / rows),
      ...(await latest(table, shoppers, short)),
      ...(await walks(table, dir, short)),
      ...(await appends(table, dir, short)),
    };
    const fsyncs = await measureFsync(dir, short ? 50 : 500);
    return {
      ok: true,
      figures: { ...figures, fsyncMsP50: round3(quantile(fsyncs, 0.5)), machine: await describeMachine(dir) },
    };
  },
});
