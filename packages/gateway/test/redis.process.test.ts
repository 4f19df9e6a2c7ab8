import { join } from "node:path";
import { request } from "undici";
import { expect, it } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { freePort } from "./support/ports.ts";
import { type Running, startProcess } from "./support/processes.ts";
import { startRedis } from "./support/redis.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const limits = { requestsPerSecond: 40, burst: 40 };
const half = 20;
const [shared, moved, quiet] = [newShop({ limits }), newShop({ limits }), newShop()];
const edge = await startEdge([shared, moved, quiet]);
edge.control.usage.gateways = 2;
edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });
const port = await freePort();

const startGateway = async (name: string): Promise<Running> => {
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, name),
    ENDCAP_GATEWAY_GATEWAYS: "2",
    ENDCAP_GATEWAY_REDIS_URL: `redis://127.0.0.1:${port}`,
  });
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status, { timeout: 15_000 }).toBe(200);
  return gateway;
};

const metric = async ({ adminUrl }: Running, name: string): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{.*\\} (.+)$`, "m").exec(text)?.[1] ?? Number.NaN);
};

const post = async ({ url }: Running, shop: Shop): Promise<number> => {
  const events = `${url}/v1/events`;
  return (await send(events, signed(events, "POST", shop.sk, { body: { events: [] } }))).status;
};

/** What came through of as many requests as so many clients can send, one after the other each. */
async function flood(shop: Shop, clients: readonly Running[], ms: number) {
  const startedAt = performance.now();
  const statuses: number[] = [];
  const client = async (gateway: Running) => {
    while (performance.now() - startedAt < ms) statuses.push(await post(gateway, shop));
  };
  await Promise.all(clients.map(client));
  const seconds = (performance.now() - startedAt) / 1000;
  expect(new Set(statuses)).toEqual(new Set([202, 429]));
  return { through: statuses.filter((status) => status === 202).length, seconds };
}

const times = (count: number, gateway: Running) => Array.from({ length: count }, () => gateway);

it("two gateways share one limit through Redis, part it when Redis is lost, and share again when it is back", async () => {
  // Neither waits for a Redis that is not there yet.
  const [a, b] = await Promise.all([startGateway("a"), startGateway("b")]);
  expect(await metric(a, "endcap_redis_up")).toBe(0);
  const up = async () => [await metric(a, "endcap_redis_up"), await metric(b, "endcap_redis_up")];
  const first = await startRedis(port);
  await expect.poll(up, { timeout: 15_000 }).toEqual([1, 1]);

  // However the requests come, all of the limit can be used, and no more than it: see docs/decisions/0030.
  const uneven = await flood(shared, [...times(6, a), ...times(2, b)], 4_000);
  const { requestsPerSecond, burst } = limits;
  expect(uneven.through).toBeLessThanOrEqual(burst + requestsPerSecond * (uneven.seconds + 0.5) + burst / 2);
  expect(uneven.through).toBeGreaterThan(requestsPerSecond * uneven.seconds * 0.75);
  const alone = await flood(moved, times(6, a), 4_000);
  expect(alone.through).toBeGreaterThan(half * alone.seconds + half + 10);

  // A request that A took is not taken by B. Again until both heard in time: a busy machine is later than a few ms.
  const replay = async (): Promise<number> => {
    const urlOfA = `${a.url}/v1/events`;
    const init = signed(urlOfA, "POST", quiet.sk, { body: { events: [] } });
    expect((await send(urlOfA, init)).status).toBe(202);
    const headers = { ...(init.headers as Record<string, string>), host: new URL(a.url).host };
    const body = Buffer.from(init.body as Uint8Array);
    const { statusCode, body: answer } = await request(`${b.url}/v1/events`, { method: "POST", headers, body });
    await answer.dump();
    return statusCode;
  };
  await expect.poll(replay, { timeout: 15_000 }).toBe(401);

  // Lost: each goes on with its half, neither open nor closed.
  const running = flood(shared, [...times(3, a), ...times(3, b)], 3_000);
  await first.kill();
  await running;
  await expect.poll(up, { timeout: 15_000 }).toEqual([0, 0]);
  const parted = await flood(moved, times(6, a), 4_000);
  expect(parted.through).toBeLessThanOrEqual(half * parted.seconds + half + 1);
  expect(parted.through).toBeGreaterThan(half * parted.seconds * 0.75);
  expect(await post(b, quiet)).toBe(202);
  expect(await metric(b, "endcap_nonces_unshared_total")).toBeGreaterThan(0);

  // Back, with nothing remembered: shared again, by itself.
  const second = await startRedis(port);
  await expect.poll(up, { timeout: 15_000 }).toEqual([1, 1]);
  const again = await flood(moved, times(6, a), 4_000);
  expect(again.through).toBeGreaterThan(half * again.seconds + half + 10);

  // Hung, which no connection tells: nobody waits for it.
  second.signal("SIGSTOP");
  const unshared = await metric(a, "endcap_nonces_unshared_total");
  for (let n = 0; n < 10; n++) expect(await post(a, quiet)).toBe(202);
  expect(await metric(a, "endcap_nonces_unshared_total")).toBeGreaterThanOrEqual(unshared + 10);
  second.signal("SIGCONT");
  await expect.poll(up, { timeout: 15_000 }).toEqual([1, 1]);
});
