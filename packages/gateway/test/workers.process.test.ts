import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { enveloped, openSession, signed, startEdge } from "./support/edge.ts";
import { type Running, startProcess } from "./support/processes.ts";
import { newShop } from "./support/tenants.ts";

const open = { requestsPerSecond: 100_000, burst: 200_000 };
const shop = newShop({ limits: open });
const held = newShop({ limits: { requestsPerSecond: 1, burst: 20 } });
const edge = await startEdge([shop, held]);
// Control counts every process that reports usage, so each worker is one.
edge.control.usage.gateways = 2;
edge.collector.answer = () => ({ status: 202, body: { accepted: 1, duplicates: 0, rejected: [] } });

let count = 0;
async function startGateway(workers: number, env: Record<string, string> = {}): Promise<Running> {
  count += 1;
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ...env,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `workers-${count}`),
    ENDCAP_GATEWAY_WORKERS: String(workers),
  });
  const ready = async () =>
    (await Promise.all(Array.from({ length: 8 }, () => post(gateway, "/readyz", {})))).map(({ status }) => status);
  await expect.poll(ready, { timeout: 20_000 }).toEqual(Array(8).fill(200));
  return gateway;
}

/** One request on a connection of its own, and the process that answered it. */
async function post(gateway: Running, path: string, init: RequestInit): Promise<{ status: number; by: string }> {
  const headers = (init.headers ?? {}) as Record<string, string>;
  const call = request(gateway.url + path, { method: init.method ?? "GET", headers, agent: false });
  call.end(init.body);
  const [answer] = await once(call, "response");
  await text(answer);
  // Ids of one process begin alike.
  return { status: answer.statusCode, by: String(answer.headers["endcap-request-id"]).slice(0, 12) };
}

const event = (gateway: Running, of = shop) =>
  post(gateway, "/v1/events", signed(`${gateway.url}/v1/events`, "POST", of.sk, { body: { events: [] } }));

/** A way to control that can be shut: whoever comes then waits until it is open again. */
async function startControlsDoor() {
  const opened = Promise.withResolvers<void>();
  opened.resolve();
  let gate = opened;
  let next = Promise.withResolvers<void>();
  const server = createServer(async (asked, answer) => {
    if (asked.url === "/internal/v1/usage") {
      answer.writeHead(503).end();
      return;
    }
    next.resolve();
    await gate.promise;
    const forward = request(edge.control.url + asked.url, { method: asked.method, headers: asked.headers }, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers);
      told.pipe(answer);
    });
    forward.on("error", () => answer.destroy());
    answer.on("close", () => forward.destroy());
    asked.pipe(forward);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close() {
      gate = Promise.withResolvers();
    },
    open: () => gate.resolve(),
    /** The next request to pass, or to wait. */
    came() {
      next = Promise.withResolvers();
      return next.promise;
    },
  };
}

function workersOf({ child: { pid } }: Running): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

it("workers share one port: a session of one is a session of all, and a tenant's limit is parted between them", async () => {
  const gateway = await startGateway(2);
  expect(workersOf(gateway)).toHaveLength(2);
  const session = await openSession({ ...edge, url: gateway.url }, shop);
  const page = () => post(gateway, "/v1/events", enveloped(shop.origin, "/v1/events", session, { events: [] }));
  const pages = await Promise.all(Array.from({ length: 16 }, page));
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(pages.map(({ by }) => by)).size).toBe(2);

  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 60 }, () => event(gateway, held)));
  const seconds = (performance.now() - began) / 1000;
  const through = answers.filter(({ status }) => status === 202).length;
  expect(through).toBeLessThanOrEqual(20 + Math.ceil(seconds) + 1);
  expect(through).toBeGreaterThanOrEqual(10);
});

it("a worker that is killed is replaced, and the others serve meanwhile", async () => {
  const gateway = await startGateway(2);
  const [first = 0, second = 0] = workersOf(gateway);
  const before = new Set((await Promise.all(Array.from({ length: 8 }, () => event(gateway)))).map(({ by }) => by));
  expect(before.size).toBe(2);
  process.kill(second, "SIGKILL");
  await expect.poll(() => workersOf(gateway), { timeout: 20_000 }).toEqual([first, expect.not.toBeOneOf([second])]);
  await expect
    .poll(
      async () =>
        (await Promise.all(Array.from({ length: 8 }, () => event(gateway)))).some(({ by }) => !before.has(by)),
      {
        timeout: 20_000,
      },
    )
    .toBe(true);
  expect(
    new Set((await Promise.all(Array.from({ length: 8 }, () => event(gateway)))).map(({ status }) => status)),
  ).toEqual(new Set([202]));
});

it("a worker that comes back without a snapshot leaves its clients to the others until it has one", async () => {
  const { origin, came, close, open } = await startControlsDoor();
  onTestFinished(open);
  const gateway = await startGateway(2, { ENDCAP_GATEWAY_CONTROL_URL: origin });
  const [first = 0, second = 0] = workersOf(gateway);
  close();
  const waiting = came();
  process.kill(second, "SIGKILL");
  // What it had on disk, if it came to that, goes with it.
  rmSync(join(edge.directory, `workers-${count}`, "worker-1"), { recursive: true, maxRetries: 3 });
  await waiting;
  expect(workersOf(gateway)).toEqual([first, expect.not.toBeOneOf([second])]);
  const meanwhile = [];
  for (let n = 0; n < 150; n += 1) meanwhile.push(...(await Promise.all([event(gateway), event(gateway)])));
  expect(new Set(meanwhile.map(({ status }) => status))).toEqual(new Set([202]));
  const [by, ...others] = new Set(meanwhile.map((answer) => answer.by));
  expect(others).toEqual([]);
  open();
  await expect
    .poll(async () => (await Promise.all([event(gateway), event(gateway)])).some((answer) => answer.by !== by), {
      timeout: 20_000,
    })
    .toBe(true);
});

it("drains as one: what is on its way is answered by every worker, then all are gone and it exits 0", async () => {
  const gateway = await startGateway(2);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  let arrived = 0;
  edge.ml.answer = async () => {
    arrived += 1;
    await gate;
    return { status: 200, body: {} };
  };
  onTestFinished(() => openGate());
  const path = "/v1/recommendations";
  const calls = Array.from({ length: 8 }, () =>
    post(gateway, path, signed(gateway.url + path, "POST", shop.sk, { body: {} })),
  );
  await expect.poll(() => arrived, { timeout: 10_000 }).toBe(8);
  const pids = workersOf(gateway);
  const stopped = gateway.stop();
  openGate();
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(new Set(answers.map(({ by }) => by)).size).toBe(2);
  expect(await stopped).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

it("says what is wrong with a configuration as one process does", async () => {
  const start = startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_WORKERS: "2",
    ENDCAP_GATEWAY_KEY_FILE: join(edge.directory, "none.key"),
  });
  await expect(start).rejects.toThrow("none.key");
});
