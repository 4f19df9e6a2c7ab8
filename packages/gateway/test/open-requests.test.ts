import { request } from "node:http";
import type { Socket } from "node:net";
import { AskedPartHeader, LeftPartHeader, LIMITS } from "@endcap/protocol";
import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { partsIn, respondToParts, startRawUpstream } from "./support/raw-upstream.ts";
import { newShop, type Shop } from "./support/tenants.ts";
import type { Seen } from "./support/upstream.ts";

const limits = { requestsPerSecond: 100_000, burst: 200_000, inFlightMax: 10_000 };
const [acorn, birch] = [newShop({ limits }), newShop({ limits })];
// No probes of health among the connections that are counted.
const unprobed = { ENDCAP_GATEWAY_UPSTREAM_HEALTH_EVERY_MS: "0" };
const edge = await startEdge([acorn, birch], { ENDCAP_GATEWAY_UPSTREAM_MS_MAX: "1000", ...unprobed });
const patient = await startEdge([acorn], { ENDCAP_GATEWAY_UPSTREAM_MS_MAX: "60000" });
const path = "/v1/recommendations";
const url = edge.url + path;

const ask = (shop: Shop, body: object = {}) => send(url, signed(url, "POST", shop.sk, { body }));
/** What tells one request from another. */
const about = (user: string) => ({ shopper: { userId: user } });

let count = 0;
/** A shop whose ml is this address. */
async function shopAt(address: string): Promise<Shop> {
  count += 1;
  const id = `ml.raw${count}`;
  const shop = newShop({ limits, routes: { collector: "collector", ml: id, recommender: null } });
  edge.control.push({ shops: [shop], upstreams: [{ id, kind: "ml", url: address }] });
  await edge.settled();
  return shop;
}

/** An ml that answers each part with what it asked for, once the test says so. */
async function startHeld() {
  const sockets: Socket[] = [];
  const asked: { id: string; user: string; socket: Socket }[] = [];
  const left: string[] = [];
  const raw = await startRawUpstream((socket, bytes) => {
    if (!sockets.includes(socket)) {
      sockets.push(socket);
      respondToParts(socket, Buffer.from("POST "), 200, {});
    }
    const text = bytes.toString();
    for (const [, id = "", user = ""] of text.matchAll(/"r":"([^"]+)","n":[1-9].*\n.*"userId":"([^"]+)"/g)) {
      asked.push({ id, user, socket });
    }
    for (const [, id = ""] of text.matchAll(/"r":"([^"]+)","n":0,"x":true/g)) left.push(id);
  });
  const part = (user: string) =>
    expect
      .poll(() => asked.some((each) => each.user === user))
      .toBe(true)
      .then(() => asked.find((each) => each.user === user) as (typeof asked)[number]);
  const frame = (id: string, body: string, status = 200) => `{"r":"${id}","s":${status},"n":${body.length}}\n${body}\n`;
  return { shop: await shopAt(raw.url), raw, sockets, asked, left, part, frame };
}

it("requests of many shoppers share a connection, and each gets its own answer, whatever the order", async () => {
  const { shop, sockets, part, frame } = await startHeld();
  const users = Array.from({ length: 20 }, (_, n) => `u${n}`);
  const replies = users.map((user) => ask(shop, about(user)));
  const parts = await Promise.all(users.map(part));
  for (const { id, user, socket } of parts.reverse()) socket.write(frame(id, JSON.stringify({ for: user })));
  expect((await Promise.all(replies)).map(({ body }) => body.for)).toEqual(users);
  expect(sockets).toHaveLength(1);
});

it("a slow part holds nobody, and is told late alone", async () => {
  const { shop, part, frame } = await startHeld();
  const slow = ask(shop, about("slow"));
  const { socket } = await part("slow");
  for (const user of ["a", "b", "c"]) {
    const quick = ask(shop, about(user));
    const { id } = await part(user);
    socket.write(frame(id, JSON.stringify({ for: user })));
    expect((await quick).body).toEqual({ for: user });
  }
  const { status, body } = await slow;
  expect([status, body.code]).toEqual([504, "upstream_timeout"]);
});

it("after a part that was late the next one tries another connection", async () => {
  const { shop, sockets, part, frame } = await startHeld();
  const hung = ask(shop, about("hung"));
  await part("hung");
  expect((await hung).status).toBe(504);
  const next = ask(shop, about("next"));
  const { id, socket } = await part("next");
  socket.write(frame(id, '{"for":"next"}'));
  expect((await next).body).toEqual({ for: "next" });
  expect(sockets).toHaveLength(2);
});

it("a part that is refused is refused alone, in its own words", async () => {
  const { shop, part, frame } = await startHeld();
  const [bad, good] = [ask(shop, about("bad")), ask(shop, about("good"))];
  const [{ id, socket }, other] = [await part("bad"), await part("good")];
  const problem = { type: "t", title: "t", status: 400, code: "filter_invalid", detail: "No such field." };
  socket.write(frame(id, JSON.stringify(problem), 400) + frame(other.id, '{"for":"good"}'));
  expect([(await bad).status, (await bad).body.code, (await bad).body.detail]).toEqual([
    400,
    "filter_invalid",
    "No such field.",
  ]);
  expect((await good).body).toEqual({ for: "good" });
});

it("a client that leaves gives up its part alone, on the connection that has it", async () => {
  const { shop, part, frame, left } = await startHeld();
  const { headers, body } = signed(url, "POST", shop.sk, { body: about("leaves") });
  const client = request(url, { method: "POST", headers: headers as Record<string, string> }).on("error", () => {
    // Expected: we hang up ourselves.
  });
  client.end(body);
  const stays = ask(shop, about("stays"));
  const [{ id, socket }, neighbour] = [await part("leaves"), await part("stays")];
  client.destroy();
  await expect.poll(() => left).toEqual([id]);
  // The answer that was on the way then is nobody's.
  socket.write(frame(id, '{"for":"leaves"}') + frame(neighbour.id, '{"for":"stays"}'));
  expect((await stays).body).toEqual({ for: "stays" });
  expect(left).toEqual([id]);
});

it("what leaves is what the contract says: a part, and its being given up", async () => {
  const lines: unknown[] = [];
  const raw = await startRawUpstream((_socket, bytes) => {
    for (const [line] of bytes.toString().matchAll(/^\{.*"r":.*\}$/gm)) lines.push(JSON.parse(line));
  });
  const shop = await shopAt(raw.url);
  const headers = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: 'a="1"' };
  const init = { body: about("u"), headers: { ...headers, "endcap-deadline-ms": "100" } };
  expect((await send(url, signed(url, "POST", shop.sk, init))).status).toBe(504);
  await expect.poll(() => lines.length).toBe(2);
  expect(lines.map((line) => [Value.Check(AskedPartHeader, line), Value.Check(LeftPartHeader, line)])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(lines[0]).toMatchObject({ t: headers.traceparent, ts: headers.tracestate, d: expect.any(Number) });
});

it("an answer that comes twice is taken once, and one to no part is nobody's", async () => {
  const { shop, part, frame } = await startHeld();
  const [first, second] = [ask(shop, about("first")), ask(shop, about("second"))];
  const [one, two] = [await part("first"), await part("second")];
  one.socket.write(frame("req_of_nobody", '{"for":"nobody"}') + frame(one.id, '{"for":"first"}'));
  one.socket.write(frame(one.id, '{"for":"again"}') + frame(two.id, '{"for":"second"}'));
  expect([(await first).body, (await second).body]).toEqual([{ for: "first" }, { for: "second" }]);
});

it.each([
  ["no frames", "<html>nginx 10.0.0.7</html>\n"],
  ["frames without a length", '{"r":"a","s":200}\n{}\n'],
  ["an answer past its bound", '{"r":"a","s":200,"n":99999999}\n'],
])(
  "an ml that answers with %s fails the parts it has, and those after it go to a new connection",
  async (_what, bytes) => {
    const { shop, sockets, part, frame } = await startHeld();
    const both = [ask(shop, about("a")), ask(shop, about("b"))];
    const { socket } = await part("a");
    await part("b");
    socket.write(bytes);
    for (const { status, body } of await Promise.all(both)) {
      expect([status, body.code]).toEqual([502, "upstream_invalid"]);
      expect(JSON.stringify(body)).not.toContain("nginx");
    }
    const next = ask(shop, about("next"));
    const fresh = await part("next");
    fresh.socket.write(frame(fresh.id, '{"for":"next"}'));
    expect((await next).body).toEqual({ for: "next" });
    expect(sockets).toHaveLength(2);
  },
);

it("an ml that dies in the middle: what it had is asked once more, what it answered is not", async () => {
  const { shop, sockets, asked, part, frame } = await startHeld();
  const answered = ask(shop, about("answered"));
  const waiting = ["w1", "w2", "w3"].map((user) => ask(shop, about(user)));
  const first = await part("answered");
  await Promise.all(["w1", "w2", "w3"].map(part));
  first.socket.write(frame(first.id, '{"for":"answered"}'));
  expect((await answered).body).toEqual({ for: "answered" });
  first.socket.resetAndDestroy();
  await expect.poll(() => asked.length).toBe(7);
  for (const { id, user, socket } of asked.slice(4)) socket.write(frame(id, JSON.stringify({ for: user })));
  expect((await Promise.all(waiting)).map(({ body }) => body.for)).toEqual(["w1", "w2", "w3"]);
  expect(sockets).toHaveLength(2);
});

it("an ml that dies twice fails what it had then, and its breaker hears of each", async () => {
  const raw = await startRawUpstream((socket, bytes) => partsIn(bytes).length > 0 && socket.resetAndDestroy());
  const shop = await shopAt(raw.url);
  const replies = await Promise.all(Array.from({ length: 6 }, () => ask(shop)));
  expect(replies.map(({ body }) => body.code)).toEqual(Array(6).fill("upstream_unavailable"));
  const before = raw.connections;
  expect((await ask(shop)).body.code).toBe("upstream_unavailable");
  expect(raw.connections).toBe(before);
});

it("an ml that takes no more parts gets none, finishes those it has, and is left", async () => {
  const { shop, sockets, part, frame } = await startHeld();
  const old = ask(shop, about("old"));
  const before = await part("old");
  before.socket.write('{"n":0,"last":true}\n\n');
  // Whatever is asked now may still have crossed the word; soon nothing does.
  await expect
    .poll(async () => {
      count += 1;
      const user = `new${count}`;
      const reply = ask(shop, about(user));
      const { id, socket } = await part(user);
      socket.write(frame(id, "{}"));
      await reply;
      return socket === before.socket;
    })
    .toBe(false);
  expect(sockets).toHaveLength(2);
  before.socket.write(frame(before.id, '{"for":"old"}'));
  expect((await old).body).toEqual({ for: "old" });
});

it("each part carries its own principal, and no tenant gets another's answer", async () => {
  edge.ml.answer = ({ principal, body }: Seen) => ({
    status: 200,
    body: { tenant: principal.tenant, asked: JSON.parse(body) },
  });
  const asked = Array.from({ length: 60 }, (_, n) => ({ shop: n % 3 === 0 ? acorn : birch, body: about(`u${n}`) }));
  const replies = await Promise.all(asked.map(({ shop, body }) => ask(shop, body)));
  expect(replies.map(({ body }) => body)).toEqual(
    asked.map(({ shop, body }) => ({ tenant: shop.tenant.id, asked: body })),
  );
});

it("parts leave on a request whose token is as fresh as any request's", async () => {
  edge.ml.answer = () => ({ status: 200, body: {} });
  const tokens = new Set<unknown>();
  for (const offsetMs of [0, LIMITS.internalTokenRemintMs + 1_000, 2 * LIMITS.internalTokenRemintMs + 2_000]) {
    edge.clock.offsetMs = offsetMs;
    const now = Date.now() + offsetMs;
    expect((await send(url, signed(url, "POST", acorn.sk, { body: {}, now }))).status).toBe(200);
    tokens.add(edge.ml.seen.at(-1)?.headers.authorization);
  }
  edge.clock.offsetMs = 0;
  expect(tokens.size).toBe(3);
});

it("more than one connection can carry is spread over others, up to a bound past which requests are refused", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  patient.ml.answer = () => gate.then(() => ({ status: 200, body: {} }));
  const room = 8 * LIMITS.coalescedPartsMax;
  const lists = patient.url + path;
  const statuses: number[] = [];
  const replies = Array.from({ length: room + 20 }, async () => {
    statuses.push((await send(lists, signed(lists, "POST", acorn.sk, { body: {} }))).status);
  });
  await expect.poll(() => patient.ml.seen.length + statuses.length, { timeout: 20_000 }).toBe(room + 20);
  open();
  await Promise.all(replies);
  expect(statuses.filter((status) => status === 503).length).toBe(20);
  expect(statuses.filter((status) => status === 200).length).toBe(room);
}, 60_000);
