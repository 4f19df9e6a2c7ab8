import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Event, LIMITS } from "@endcap/protocol";
import { expect, test } from "vitest";
import { type Answer, type Collector, startCollector, tenantA } from "./support/collector.ts";
import { browser, lamp, server, view } from "./support/samples.ts";

const principal = server();
const live = { tenant: tenantA, env: "live" } as const;
const gzipType = { "content-type": "application/gzip" };

const ndjson = (...lines: unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

function put(collector: Collector, part: number, text: string | Buffer, more: object = {}): Promise<Answer> {
  const bytes = typeof text === "string" ? gzipSync(text) : text;
  return collector.call("PUT", `/v1/imports/orders-2009/parts/${part}`, {
    principal,
    bytes,
    headers: gzipType,
    ...more,
  });
}

const complete = (collector: Collector, parts: number, more: object = {}) =>
  collector.call("POST", "/v1/imports/orders-2009/complete", { principal, body: { parts }, ...more });

const old = (day: number, item: string, userId = "u-1"): { event: Event } => ({
  event: view(item, { at: new Date(Date.UTC(2009, 11, day)).toISOString(), shopper: { userId } }),
});

test("200: history of any age goes in, and the newest is read first", async () => {
  const collector = await startCollector();
  const answer = await put(
    collector,
    1,
    ndjson(old(3, "c"), { item: lamp("a") }, old(1, "a"), old(2, "b", "u-2"), old(2, "b")),
  );
  expect(answer).toMatchObject({
    status: 200,
    json: {
      part: 1,
      duplicate: false,
      events: 4,
      items: 1,
      deletes: 0,
      rejected: 0,
      faults: [],
      serverTime: expect.any(String),
    },
  });
  await collector.close();
  await collector.house.read(live, async ({ events, catalogue }) => {
    const newest = await events.latest({ userId: "u-1" }, 2);
    expect(newest.map(({ items }) => items?.[0]?.id)).toEqual(["c", "b"]);
    expect(await catalogue.get(["a"])).toMatchObject([{ id: "a" }]);
  });
});

test("200: a live event is newer than a history that was imported after it", async () => {
  const collector = await startCollector();
  await collector.send({
    p: principal,
    payload: JSON.stringify({ events: [view("now", { shopper: { userId: "u-1" } })] }),
  });
  await put(collector, 1, ndjson(...Array.from({ length: 1200 }, (_, day) => old(day % 28, `h-${day}`))));
  await collector.close();
  await collector.house.read(live, async ({ events }) => {
    expect((await events.latest({ userId: "u-1" }, 1)).map(({ items }) => items?.[0]?.id)).toEqual(["now"]);
    expect(await events.latest({ userId: "u-1" }, 2000)).toHaveLength(1201);
  });
});

test("200: malformed lines are reported by number and the rest goes in", async () => {
  const collector = await startCollector();
  const lines = [
    JSON.stringify(old(1, "a")),
    "{not json",
    "",
    JSON.stringify({ event: { ...old(1, "a").event, type: "nonsense" } }),
    JSON.stringify({ order: 1 }),
    "7",
    JSON.stringify({ item: { id: "x" } }),
    JSON.stringify({ delete: 5 }),
    JSON.stringify({ event: { ...old(1, "a").event, shopper: undefined } }),
    JSON.stringify({ event: old(1, "x".repeat(300)).event, padding: "p".repeat(200_000) }),
    JSON.stringify({ event: old(1, "x").event, padding: "p".repeat(40_000) }),
    `${JSON.stringify(old(2, "b"))}\r`,
    JSON.stringify(old(3, "no line feed after this one")),
  ];
  const bytes = gzipSync(
    Buffer.concat([
      Buffer.from(lines.slice(0, 2).join("\n")),
      Buffer.from([10, 0xff, 0xfe, 10]),
      Buffer.from(lines.slice(2).join("\n")),
    ]),
  );
  const { json } = await put(collector, 1, bytes);
  expect(json).toMatchObject({
    events: 3,
    rejected: 10,
    faults: [
      { line: 2, code: "invalid_json" },
      { line: 3, code: "invalid_json" },
      { line: 5, code: "event_invalid", pointer: "/event/type" },
      { line: 6, code: "line_invalid" },
      { line: 7, code: "line_invalid" },
      { line: 8, code: "item_invalid" },
      { line: 9, code: "line_invalid", pointer: "/delete" },
      { line: 10, code: "shopper_missing", pointer: "/event/shopper" },
      { line: 11, code: "line_invalid" },
      { line: 12, code: "event_too_large" },
    ],
  });
});

test("200: more faults than an answer holds are counted all the same", async () => {
  const collector = await startCollector();
  const { json } = await put(collector, 1, `${"x\n".repeat(1500)}${ndjson(old(1, "a"))}`);
  expect(json).toMatchObject({ events: 1, rejected: 1500 });
  expect((json as { faults: unknown[] }).faults).toHaveLength(1000);
});

test("200: the last line about an item wins", async () => {
  const collector = await startCollector();
  const text = ndjson(
    { item: lamp("a") },
    { delete: "a" },
    { delete: "b" },
    { item: lamp("b") },
    { delete: "unknown" },
  );
  expect((await put(collector, 1, text)).json).toMatchObject({ items: 2, deletes: 2, rejected: 0 });
  expect((await collector.call("GET", "/v1/items/a", { principal })).status).toBe(404);
  expect((await collector.call("GET", "/v1/items/b", { principal })).status).toBe(200);
});

test("200: a part sent again is a duplicate with the same counts, and changes nothing", async () => {
  const collector = await startCollector();
  const bytes = gzipSync(ndjson(old(1, "a"), "bad"));
  const [first, second] = [await put(collector, 4, bytes), await put(collector, 4, bytes)];
  expect(first.json).toMatchObject({ duplicate: false, events: 1, rejected: 1 });
  expect(second.json).toMatchObject({ duplicate: true, events: 1, rejected: 1 });
  const { json } = await collector.call("GET", "/v1/imports/orders-2009", { principal });
  expect(json).toMatchObject({ partsStored: 1, firstMissingPart: 1, events: 1 });
});

test("200: an import says where to go on, and completes when every part is there", async () => {
  const collector = await startCollector();
  for (const part of [1, 2, 4]) await put(collector, part, ndjson(old(part, `p-${part}`)));
  const state = () => collector.call("GET", "/v1/imports/orders-2009", { principal });
  expect((await state()).json).toMatchObject({ completed: false, partsStored: 3, firstMissingPart: 3, events: 3 });
  expect(await complete(collector, 5)).toMatchObject({
    status: 409,
    json: { code: "import_incomplete", detail: expect.stringContaining("3, 5") },
  });
  await put(collector, 3, ndjson(old(3, "p-3")));
  expect(await complete(collector, 4)).toMatchObject({
    status: 200,
    json: { completed: true, partsStored: 4, firstMissingPart: 5 },
  });
  expect(await complete(collector, 4)).toMatchObject({ status: 200, json: { completed: true } });
  expect((await state()).json).toMatchObject({ completed: true, events: 4 });
});

test("200: a shopper's long history is cut into rows, and a repeated part makes the same rows", async () => {
  const collector = await startCollector();
  const lines = Array.from({ length: 1100 }, (_, index) => old((index % 28) + 1, `i-${index}`));
  await put(collector, 1, ndjson(...lines));
  await collector.close();
  await collector.house.read(live, async ({ events }) => {
    const rows: number[] = [];
    for await (const row of events.scan()) rows.push(row.events.length);
    expect(rows).toEqual([500, 500, 100]);
  });
});

test("200: each kind of line needs its scope", async () => {
  const collector = await startCollector();
  const text = ndjson(old(1, "a"), { item: lamp("a") }, { delete: "b" });
  const events = await put(collector, 1, text, { principal: server(["events:write"]) });
  expect(events.json).toMatchObject({
    events: 1,
    items: 0,
    deletes: 0,
    rejected: 2,
    faults: [
      { line: 2, code: "scope_missing" },
      { line: 3, code: "scope_missing" },
    ],
  });
  const items = await put(collector, 2, text, { principal: server(["items:write"]) });
  expect(items.json).toMatchObject({ events: 0, items: 1, deletes: 1, faults: [{ line: 1, code: "scope_missing" }] });
});

test("400: what is no whole gzip stream stores nothing", async () => {
  const collector = await startCollector();
  const whole = gzipSync(ndjson(...Array.from({ length: 2000 }, (_, day) => old(day % 28, `${day}`))));
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
  for (const bytes of [Buffer.from("plain text"), whole.subarray(0, whole.length / 2), damaged]) {
    expect(await put(collector, 1, bytes)).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  }
  expect(await collector.call("GET", "/v1/imports/orders-2009", { principal })).toMatchObject({ status: 404 });
  expect((await put(collector, 1, whole)).json).toMatchObject({ duplicate: false, events: 2000 });
});

test("413: a part that bursts when it is unpacked stores nothing", async () => {
  const collector = await startCollector();
  const line = Buffer.from(`${ndjson(old(1, "a"))}\n`);
  const bomb = gzipSync(Buffer.concat([line, Buffer.alloc(LIMITS.importPartUnpackedBytesMax)]));
  expect(bomb.length).toBeLessThan(LIMITS.importPartBytesMax);
  expect(await put(collector, 1, bomb)).toMatchObject({ status: 413, json: { code: "body_too_large" } });
  expect(await collector.call("GET", "/v1/imports/orders-2009", { principal })).toMatchObject({ status: 404 });
});

test("400: import ids and part numbers have a form", async () => {
  const collector = await startCollector();
  const bytes = gzipSync("");
  for (const path of [
    "/v1/imports/a%20b/parts/1",
    "/v1/imports/a/parts/0",
    "/v1/imports/a/parts/x",
    `/v1/imports/a/parts/${LIMITS.importPartsMax + 1}`,
  ]) {
    const answer = await collector.call("PUT", path, { principal, bytes, headers: gzipType });
    expect(answer).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  }
  expect(await complete(collector, 0)).toMatchObject({ status: 400 });
});

test("403: a key with neither scope, and any browser", async () => {
  const collector = await startCollector();
  for (const caller of [server(["recommendations:read"]), browser({ anonymousId: "a_x" })]) {
    const answers = [
      await put(collector, 1, "", { principal: caller }),
      await complete(collector, 1, { principal: caller }),
      await collector.call("GET", "/v1/imports/orders-2009", { principal: caller }),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, json: { code: "scope_missing" } });
  }
});

test("404: an import that nobody began", async () => {
  const collector = await startCollector();
  for (const answer of [
    await collector.call("GET", "/v1/imports/orders-2009", { principal }),
    await complete(collector, 1),
  ]) {
    expect(answer).toMatchObject({ status: 404, json: { code: "import_not_found" } });
  }
});

test("409: a part with other bytes, and a new part of a completed import", async () => {
  const collector = await startCollector();
  const bytes = gzipSync(ndjson(old(1, "a")));
  await put(collector, 1, bytes);
  expect(await put(collector, 1, ndjson(old(1, "b")))).toMatchObject({
    status: 409,
    json: { code: "import_part_changed" },
  });
  await complete(collector, 1);
  expect(await put(collector, 2, ndjson(old(1, "b")))).toMatchObject({
    status: 409,
    json: { code: "import_completed" },
  });
  expect(await put(collector, 1, bytes)).toMatchObject({ status: 200, json: { duplicate: true } });
});

test("413: a part that is too large, as sent or unpacked", async () => {
  const collector = await startCollector();
  const sent = Buffer.alloc(LIMITS.importPartBytesMax + 1);
  expect(await put(collector, 1, sent)).toMatchObject({ status: 413, json: { code: "body_too_large" } });
  const bomb = gzipSync(Buffer.alloc(LIMITS.importPartUnpackedBytesMax + 1, 0x20));
  expect(bomb.length).toBeLessThan(LIMITS.importPartBytesMax);
  expect(await put(collector, 1, bomb)).toMatchObject({ status: 413, json: { code: "body_too_large" } });
});

test("415: parts are gzip", async () => {
  const collector = await startCollector();
  for (const type of ["application/x-ndjson", "application/json"]) {
    const answer = await put(collector, 1, Buffer.from("{}"), { headers: { "content-type": type } });
    expect(answer).toMatchObject({ status: 415, json: { code: "content_type_unsupported" } });
  }
});

test("a test import's events go to the test table, its items to the one catalogue", async () => {
  const collector = await startCollector();
  await put(collector, 1, ndjson(old(1, "a"), { item: lamp("a") }), { principal: server(undefined, { env: "test" }) });
  expect((await collector.call("GET", "/v1/items/a", { principal })).status).toBe(200);
  expect((await collector.call("GET", "/v1/imports/orders-2009", { principal })).status).toBe(404);
  await collector.close();
  await collector.house.read(live, async ({ events }) => expect(await events.latest({ userId: "u-1" }, 1)).toEqual([]));
});

test("parts that arrive together are all stored, each once", async () => {
  const collector = await startCollector();
  const parts = [1, 2, 3, 4, 5].map((part) => gzipSync(ndjson(old(part, `p-${part}`), old(part, `q-${part}`))));
  const sent = [...parts.entries(), [4, parts[4]] as const, [4, parts[4]] as const];
  const answers = await Promise.all(sent.map(([index, bytes]) => put(collector, index + 1, bytes ?? "")));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect((await complete(collector, 5)).json).toMatchObject({ partsStored: 5, events: 10 });
  await collector.close();
  await collector.house.read(live, async ({ events }) =>
    expect(await events.latest({ userId: "u-1" }, 100)).toHaveLength(10),
  );
});

test("the digest is over the bytes as sent: the same lines packed otherwise are another part", async () => {
  const collector = await startCollector();
  const text = ndjson(old(1, "a"));
  const [fast, small] = [gzipSync(text, { level: 0 }), gzipSync(text, { level: 9 })];
  expect(createHash("sha256").update(fast).digest()).not.toEqual(createHash("sha256").update(small).digest());
  await put(collector, 1, fast);
  expect(await put(collector, 1, small)).toMatchObject({ status: 409 });
});
