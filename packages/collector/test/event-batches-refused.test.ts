import { COALESCED_CONTENT_TYPE, LIMITS, uuidV7 } from "@endcap/protocol";
import { expect, test } from "vitest";
import { coalesce, type PartAnswer, startCollector, tenantB } from "./support/collector.ts";
import { anonymousId, batch, browser, eventId, server, view } from "./support/samples.ts";

const path = "/internal/v1/event-batches";
const coalesced = { "content-type": COALESCED_CONTENT_TYPE };
const page = () => browser({ anonymousId: anonymousId() });
const codeOf = ({ b }: PartAnswer) => (b as { code?: string }).code;

test("400: a part that is no batch says what is wrong, and where", async () => {
  const collector = await startCollector();
  const payloads = [
    "",
    "{",
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    "[]",
    JSON.stringify({ events: [] }),
    JSON.stringify({ events: Array.from({ length: LIMITS.eventsPerBatchMax + 1 }, () => view("a")) }),
    JSON.stringify({ events: [view("a")], more: 1 }),
    batch([view("a")], "01890000-0000-4000-8000-000000000000"),
    JSON.stringify({ batchId: 7, events: [view("a")] }),
  ];
  const answers = await collector.send(...payloads.map((payload) => ({ p: page(), payload })));
  expect(answers.map(({ s }) => s)).toEqual(payloads.map(() => 400));
  expect(answers.map(codeOf)).toEqual([
    "body_missing",
    "invalid_json",
    "invalid_json",
    "invalid_request",
    "invalid_request",
    "invalid_request",
    "invalid_request",
    "batch_id_invalid",
    "batch_id_invalid",
  ]);
  expect(answers[6]?.b).toMatchObject({
    errors: expect.arrayContaining([expect.objectContaining({ pointer: "/more" })]),
  });
});

test("400: a batch from another time", async () => {
  const collector = await startCollector();
  const at = (ms: number) => uuidV7(Date.now() + ms, (bytes) => crypto.getRandomValues(bytes));
  const day = 86_400_000;
  const answers = await collector.send(
    { p: page(), payload: batch([view("a")], at(-7 * day - 60_000)) },
    { p: page(), payload: batch([view("a")], at(-7 * day + 60_000)) },
    { p: page(), payload: batch([view("a")], at(4 * 60_000)) },
    { p: page(), payload: batch([view("a")], at(6 * 60_000)) },
  );
  expect(answers.map(({ s }) => s)).toEqual([400, 202, 202, 400]);
  expect([answers[0], answers[3]].map((answer) => answer && codeOf(answer))).toEqual(["clock_behind", "clock_ahead"]);
});

test("400: a broken frame refuses the whole request, and nothing of it is stored", async () => {
  const collector = await startCollector();
  const good = { p: page(), payload: batch([view("a")]) };
  const bodies = [
    Buffer.concat([coalesce([good]), Buffer.from("no header\n")]),
    Buffer.concat([coalesce([good]), Buffer.from('{"p":{},"r":"x","n":99}\nshort\n')]),
    Buffer.concat([coalesce([good]), Buffer.from('{"p":{},"r":"x","n":-1}\n\n')]),
    Buffer.concat([coalesce([good]), Buffer.from('{"p":{},"r":7,"n":0}\n\n')]),
    coalesce([good]).subarray(0, -1),
    coalesce(Array.from({ length: LIMITS.coalescedPartsMax + 1 }, () => ({ p: page(), payload: "{}" }))),
  ];
  for (const bytes of bodies) {
    const answer = await collector.call("POST", path, { bytes, headers: coalesced });
    expect(answer).toMatchObject({ status: 400, json: { code: "invalid_request", serverTime: expect.any(String) } });
  }
  const [again] = await collector.send(good);
  expect(again).toMatchObject({ b: { accepted: 1, duplicates: 0 } });
});

test("401: without a good internal token nothing is answered", async () => {
  const collector = await startCollector();
  const bytes = coalesce([{ p: page(), payload: batch([view("a")]) }]);
  const foreign = await (await collector.house.issuer({ audience: "ml" })).token();
  for (const token of [null, "nonsense", foreign]) {
    const answer = await collector.call("POST", path, { bytes, headers: coalesced, token });
    expect(answer).toMatchObject({ status: 401, json: { code: "internal_token_invalid" } });
  }
});

test("403: a part for a tenant that the token does not name fails alone", async () => {
  const collector = await startCollector();
  const token = await (await collector.house.issuer({ tenants: tenantB })).token();
  const bytes = coalesce([
    { p: page(), payload: batch([view("a")]) },
    { p: browser({ anonymousId: anonymousId() }, { tenant: tenantB }), payload: batch([view("a")]) },
  ]);
  const { text } = await collector.call("POST", path, { bytes, headers: coalesced, token });
  const answers = text
    .trimEnd()
    .split("\n")
    .map((line): PartAnswer => JSON.parse(line));
  expect(answers).toMatchObject([{ s: 403, b: { code: "tenant_forbidden" } }, { s: 202 }]);
});

test("403: a collector of one tenant serves no other", async () => {
  const collector = await startCollector({ tenant: tenantB });
  const [answer] = await collector.send({ p: page(), payload: batch([view("a")]) });
  expect(answer).toMatchObject({ s: 403, b: { code: "tenant_forbidden" } });
});

test("403: a secret key needs the scope events:write", async () => {
  const collector = await startCollector();
  const payload = batch([view("a", { shopper: { userId: "u" } })]);
  const [answer] = await collector.send({ p: server(["items:write"]), payload });
  expect(answer).toMatchObject({ s: 403, b: { code: "scope_missing" } });
});

test("409: a batch id with other bytes", async () => {
  const collector = await startCollector();
  const p = page();
  const batchId = eventId();
  const answers = await collector.send({ p, payload: batch([view("a")], batchId) });
  answers.push(...(await collector.send({ p, payload: batch([view("b")], batchId) })));
  expect(answers).toMatchObject([{ s: 202 }, { s: 409, b: { code: "batch_changed" } }]);
});

test("413: more than a megabyte", async () => {
  const collector = await startCollector();
  const bytes = Buffer.alloc(LIMITS.coalescedBytesMax + 1, 0x20);
  const answer = await collector.call("POST", path, { bytes, headers: coalesced });
  expect(answer).toMatchObject({ status: 413, json: { code: "body_too_large" } });
});

test("415: another content type, or a compressed body", async () => {
  const collector = await startCollector();
  const bytes = coalesce([{ p: page(), payload: batch([view("a")]) }]);
  for (const type of ["application/json", "text/plain", "text/xml"]) {
    const answer = await collector.call("POST", path, { bytes, headers: { "content-type": type } });
    expect(answer).toMatchObject({ status: 415, json: { code: "content_type_unsupported" } });
  }
  const gzip = await collector.call("POST", path, { bytes, headers: { ...coalesced, "content-encoding": "gzip" } });
  expect(gzip).toMatchObject({ status: 415, json: { code: "content_encoding_unsupported" } });
});

test("a bad part fails alone: its neighbours are stored and answered in order", async () => {
  const collector = await startCollector();
  const answers = await collector.send(
    { p: page(), payload: batch([view("a")]), r: "r1" },
    { p: { ...page(), tier: "gold" }, payload: batch([view("a")]), r: "r2" },
    { p: page(), payload: "{broken", r: "r3" },
    { p: null, payload: "", r: "r4" },
    { p: browser({}), payload: batch([view("a")]), r: "r5" },
    { p: page(), payload: batch([view("a")]), r: "r6" },
  );
  expect(answers.map(({ r }) => r)).toEqual(["r1", "r2", "r3", "r4", "r5", "r6"]);
  expect(answers.map(({ s }) => s)).toEqual([202, 400, 400, 400, 400, 202]);
  expect(answers.slice(1, 5).map(codeOf)).toEqual([
    "header_invalid",
    "invalid_json",
    "header_invalid",
    "header_invalid",
  ]);
});

test("a fault never repeats what was sent", async () => {
  const collector = await startCollector();
  const secret = "hunter2hunter2";
  const answers = await collector.send(
    { p: { tenant: secret }, payload: secret },
    { p: page(), payload: `{"events":"${secret}"}` },
    { p: page(), payload: `{"events":[{"id":"${secret}","type":"${secret}"}]}` },
  );
  expect(JSON.stringify(answers)).not.toContain(secret);
});
