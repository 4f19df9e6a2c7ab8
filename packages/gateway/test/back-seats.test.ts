import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Pool } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { createBackSeats } from "../src/limits/back-seats.ts";
import { enveloped, openSession, send, signed, startEdge } from "./support/edge.ts";
import { bearer } from "./support/flood.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const connections = 60;
const noisy = newShop({ limits: { requestsPerSecond: 1, burst: 1 } });
const quiet = newShop();
const hasty = newShop({ limits: { requestsPerSecond: 30, burst: 30 } });
const paged = newShop({ limits: { requestsPerSecond: 1, burst: 3 } });
const edge = await startEdge([noisy, quiet, hasty, paged]);
edge.collector.answer = () => ({ status: 202, body: { accepted: 0 } });

it("a neighbour that comes last is answered before most of those who are over their limit", async () => {
  const events = `${edge.url}/v1/events`;
  const pools = { noisy: new Pool(edge.url, { connections }), quiet: new Pool(edge.url, { connections: 1 }) };
  onTestFinished(async () => {
    await Promise.all([pools.noisy.close(), pools.quiet.close()]);
  });
  const finished: string[] = [];
  async function post(name: keyof typeof pools, { sk }: Shop): Promise<number> {
    const { headers, body } = signed(events, "POST", sk, { body: { events: [] } });
    const answer = await pools[name].request({
      method: "POST",
      path: "/v1/events",
      headers: headers as Record<string, string>,
      body: body as Buffer,
    });
    await answer.body.dump();
    finished.push(name);
    return answer.statusCode;
  }
  const flood = () => Array.from({ length: connections }, () => post("noisy", noisy));

  expect(await post("quiet", quiet)).toBe(202);
  expect((await Promise.all(flood())).filter((status) => status === 429)).toHaveLength(connections - 1);
  finished.length = 0;
  const [neighbour, ...others] = await Promise.all([...flood(), post("quiet", quiet)].reverse());
  expect(neighbour).toBe(202);
  expect(others).toEqual(new Array(connections).fill(429));
  expect(finished.indexOf("quiet")).toBeLessThan(connections / 2);
  // Within its limit again, a tenant sits where everybody does.
  edge.clock.offsetMs += 1_100;
  expect(await post("noisy", noisy)).toBe(202);
});

it("who is over its limit on a connection need not be proven there to be told so, and nothing is counted for it", async () => {
  const session = await openSession(edge, paged);
  const [flooding, other] = [new Pool(edge.url, { connections: 1 }), new Pool(edge.url, { connections: 1 })];
  onTestFinished(async () => {
    await Promise.all([flooding.close(), other.close()]);
  });
  const genuine = enveloped(paged.origin, "/v1/events", session, { events: [] });
  const forged = { ...genuine, body: `${genuine.body} ` };
  async function post(pool: Pool, { headers, body }: RequestInit) {
    const fields = headers as Record<string, string>;
    const answer = await pool.request({ method: "POST", path: "/v1/events", headers: fields, body: String(body) });
    const { code } = (await answer.body.json()) as { code?: string };
    return { status: answer.statusCode, code, left: /r=(\d+)/.exec(String(answer.headers.ratelimit))?.[1], answer };
  }
  const brief = async (pool: Pool, init: RequestInit) => {
    const { status, code } = await post(pool, init);
    return [status, code];
  };

  expect(await brief(flooding, forged)).toEqual([401, "signature_invalid"]);
  while ((await post(flooding, genuine)).status !== 429);
  const { answer, ...refused } = await post(flooding, forged);
  expect(refused).toEqual({ status: 429, code: "rate_limited", left: "0" });
  expect(answer.headers).toMatchObject({ "retry-after": "1", "access-control-allow-origin": paged.origin });
  expect(await brief(other, forged)).toEqual([401, "signature_invalid"]);
  // Its bucket is whole again: it is asked for its proof, and without one nothing is taken from the bucket.
  edge.clock.offsetMs += 60_000;
  expect(await brief(flooding, forged)).toEqual([401, "signature_invalid"]);
  expect(await post(flooding, genuine)).toMatchObject({ status: 202, left: "2" });
  expect(await brief(flooding, forged)).toEqual([401, "signature_invalid"]);
});

it("who leaves while it waits behind is not counted as in flight for ever", async () => {
  const body = '{"events":[]}';
  const fields = ["host: edge", `authorization: ${bearer(hasty)}`, "content-type: application/json"];
  const head = ["POST /v1/events HTTP/1.1", ...fields, `content-length: ${body.length}`].join("\r\n");
  const { hostname, port } = new URL(edge.url);
  const sockets = Array.from({ length: 120 }, () => connect(Number(port), hostname));
  const answers = await Promise.all(
    sockets.map(async (socket) => {
      socket.write(`${head}\r\n\r\n${body}`);
      const [chunk] = await once(socket, "data");
      return String(chunk).slice(9, 12);
    }),
  );
  expect(answers.filter((status) => status === "429").length).toBeGreaterThan(60);
  // Its bucket is whole again: whom it lets in now is counted.
  edge.clock.offsetMs += 60_000;
  for (const socket of sockets) {
    socket.write(`${head}\r\n\r\n${body}`);
    socket.once("error", () => undefined);
  }
  await nextTurn();
  for (const socket of sockets) socket.resetAndDestroy();
  const inFlight = async () => (await send(`${edge.adminUrl}/admin/tenants/${hasty.tenant.id}`, {})).body.inFlight;
  await expect.poll(inFlight, { timeout: 5_000 }).toBe(0);
});

it("three go on in a turn, in the order they came; what comes meanwhile waits behind them", async () => {
  const seats = createBackSeats();
  const [over, within] = await twoSockets();
  seats.note(over, true);
  expect([seats.has(over), seats.has(within)]).toEqual([true, false]);
  const went: number[] = [];
  for (const n of [1, 2, 3, 4]) seats.wait(() => went.push(n));
  expect(went).toEqual([]);
  await nextTurn();
  expect(went).toEqual([1, 2, 3]);
  seats.wait(() => went.push(5));
  await nextTurn();
  expect(went).toEqual([1, 2, 3, 4, 5]);
  seats.wait(() => went.push(6));
  await nextTurn();
  expect(went).toEqual([1, 2, 3, 4, 5, 6]);
  seats.note(over, false);
  expect(seats.has(over)).toBe(false);
});

it("beyond ten thousand nobody waits", async () => {
  const seats = createBackSeats();
  const [over] = await twoSockets();
  seats.note(over, true);
  const went: number[] = [];
  for (let n = 0; n < 10_000; n++) seats.wait(() => went.push(n));
  expect(seats.has(over)).toBe(false);
});

async function twoSockets(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const sockets = [connect(address.port), connect(address.port)] as [Socket, Socket];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return sockets;
}
