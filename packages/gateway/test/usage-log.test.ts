import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LATENCY_BOUNDS_MS, newTenantId, UsageRecord } from "@endcap/protocol";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { expect, it, onTestFinished } from "vitest";
import { HeldRows } from "../src/metering/held-rows.ts";
import { decodeLine, encodeLine, recordJson } from "../src/metering/lines.ts";
import { openUsageLog, type UsageBatch, type UsageLog } from "../src/metering/usage-log.ts";
import type { UsageRow } from "../src/metering/usage-row.ts";

const tenant = newTenantId((bytes) => crypto.getRandomValues(bytes));
const latency = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
const row = (events: number, at = 1_000): UsageRow => ({
  at,
  tenant,
  tier: undefined,
  env: "live",
  route: "POST /v1/events",
  status: 202,
  requests: 1,
  events,
  ms: 0,
  latency,
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "endcap-usage-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const opened = (directory: string, source: string, bytesMax = 1 << 20) => openUsageLog({ directory, source, bytesMax });

const recordsCheck = Compile(Type.Array(UsageRecord));

/** What control is sent of a batch, which says what the gateway itself counts by. */
function sent(batch: UsageBatch | undefined): UsageRecord[] {
  const records = recordsCheck.Parse(JSON.parse(`[${batch?.json}]`));
  expect([...(batch?.counted ?? [])].map(({ tenant: of, env, at, events }) => [of, env, at, events])).toEqual(
    records.map(({ tenant: of, env, at, events }) => [of, env, at, events]),
  );
  return records;
}

async function drain(log: UsageLog): Promise<UsageRecord[]> {
  const all = [];
  for (let batch = await log.next(); batch !== undefined; batch = await log.next()) {
    all.push(...sent(batch));
    await batch.done();
  }
  return all;
}

it("gives back what was written, in order, and again to the next run what was not acknowledged", async () => {
  const directory = newDirectory();
  const first = await opened(directory, "run-00001");
  await first.append([row(1), row(2)]);
  await first.append([row(3)]);
  expect(sent(await first.next()).map(({ sequence, events }) => [sequence, events])).toEqual([
    [1, 1],
    [2, 2],
  ]);

  const second = await opened(directory, "run-00002");
  const left: number[] = [];
  for await (const { events } of second.left()) left.push(events);
  expect(left).toEqual([1, 2, 3]);
  await second.append([row(4)]);
  const batch = await second.next();
  expect([batch?.source, sent(batch).length]).toEqual(["run-00001", 3]);
  await batch?.done();
  expect((await drain(second)).map(({ sequence, events }) => [sequence, events])).toEqual([[1, 4]]);
  await second.close();
  expect(readdirSync(directory)).toEqual([]);
});

it("passes over a torn end and a damaged line, and counts them", async () => {
  const directory = newDirectory();
  const first = await opened(directory, "run-00001");
  await first.append([row(1), row(2), row(3)]);
  const [file = ""] = readdirSync(directory);
  const path = join(directory, file);
  const lines = readFileSync(path, "utf8").split("\n");
  lines[1] = lines[1]?.replace('"events":2', '"events":9') ?? "";
  writeFileSync(path, lines.join("\n"));
  appendFileSync(path, encodeLine(recordJson(4, row(4))).slice(0, 60));

  const second = await opened(directory, "run-00002");
  expect((await drain(second)).map(({ events }) => events)).toEqual([1, 3]);
  expect(second.damagedLines).toBe(1);
  expect(readdirSync(directory)).toEqual([]);
});

it("keeps many segments in order within its bound, and takes no more past it until some are delivered", async () => {
  const directory = newDirectory();
  const log = await opened(directory, "run-00001", 700_000);
  const rows = Array.from({ length: 500 }, (_, n) => row(n));
  let written = 0;
  await expect(async () => {
    for (;;) {
      await log.append(rows);
      written += rows.length;
    }
  }).rejects.toMatchObject({ code: "storage_full" });
  expect(log.bytes).toBeLessThanOrEqual(700_000);
  expect(readdirSync(directory).length).toBeGreaterThan(1);
  const all = await drain(log);
  expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: written }, (_, n) => n + 1));
  await log.append(rows);
  expect((await drain(log)).at(0)?.sequence).toBe(written + 1);
  for (let n = 0; n < 20; n++) {
    await log.append(rows);
    expect(await drain(log)).toHaveLength(rows.length);
  }
});

it("reads back what it no longer remembers, and goes on from memory where that begins", async () => {
  const log = await opened(newDirectory(), "run-00001", 1 << 24);
  for (let append = 0; append < 9; append++) {
    await log.append(Array.from({ length: 1_200 }, (_, n) => row(append * 1_200 + n)));
  }
  const sizes = [];
  const all: UsageRecord[] = [];
  for (let batch = await log.next(); batch !== undefined; batch = await log.next()) {
    const records = sent(batch);
    sizes.push(records.length);
    all.push(...records);
    await batch.done();
  }
  expect(all.map(({ sequence, events }) => [sequence, events])).toEqual(
    Array.from({ length: 10_800 }, (_, n) => [n + 1, n]),
  );
  await log.close();
  // A report holds a thousand; what was appended last comes as it was appended.
  expect([Math.max(...sizes), ...sizes.slice(-4)]).toEqual([1_000, 1_000, 200, 1_000, 200]);
});

it("adds up by the hour what the disk does not take, so that it does not grow with time", () => {
  const lost: number[] = [];
  const held = new HeldRows((requests) => lost.push(requests));
  const hour = 3_600_000;
  for (let second = 0; second < 2 * 3_600; second++) held.add([row(2, 10 * hour + second * 1_000)]);
  expect(held.all().map(({ at, requests, events }) => [at, requests, events])).toEqual([
    [10 * hour, 3_600, 7_200],
    [11 * hour, 3_600, 7_200],
  ]);
  for (let n = 0; n < 50_000; n++) held.add([{ ...row(1), route: `GET /${n}` }]);
  expect([held.size, lost.length]).toEqual([50_000, 2]);
});

it("reads no line whose bytes were changed", () => {
  const line = encodeLine(recordJson(1, row(1))).trimEnd();
  expect(decodeLine(line)?.record).toMatchObject({ sequence: 1, events: 1 });
  for (let at = 0; at < line.length; at++) {
    const other = line[at] === "0" ? "1" : "0";
    expect(decodeLine(line.slice(0, at) + other + line.slice(at + 1))).toBeUndefined();
    expect(decodeLine(line.slice(0, at))).toBeUndefined();
  }
});
