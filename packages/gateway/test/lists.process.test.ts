import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Pool } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { signed, startEdge } from "./support/edge.ts";
import { type Running, startMl, startProcess } from "./support/processes.ts";
import { newShop } from "./support/tenants.ts";

const limits = { requestsPerSecond: 100_000, burst: 200_000, inFlightMax: 1_000 };
const shop = newShop({ limits, routes: { collector: "collector", ml: "ml.own", recommender: null } });
const edge = await startEdge([shop]);
const path = "/v1/recommendations";

let nodes = 0;
async function startGateway(): Promise<Running> {
  nodes += 1;
  const node = { ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `lists-${nodes}`) };
  const gateway = await startProcess("gateway", { ...edge.config, ...node });
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
  return gateway;
}
const route = (url: string) => edge.control.push({ upstreams: [{ id: "ml.own", kind: "ml", url }] });

/** Shoppers who ask for one list after the other. */
function startAsking(url: string, shoppers = 16) {
  const pool = new Pool(url, { connections: shoppers, pipelining: 1 });
  const statuses: number[] = [];
  let stopped = false;
  async function shopper(user: string): Promise<void> {
    while (!stopped) {
      const body = { placement: "home", shopper: { userId: user } };
      const init = signed(url + path, "POST", shop.sk, { body });
      const answer = await pool.request({
        method: "POST",
        path,
        headers: init.headers as Record<string, string>,
        body: Buffer.from(init.body as Uint8Array),
      });
      const list = (await answer.body.json()) as { strategy?: string };
      statuses.push(answer.statusCode === 200 && list.strategy !== "for_you" ? 0 : answer.statusCode);
    }
  }
  const all = Promise.all(Array.from({ length: shoppers }, (_, n) => shopper(`u${n}`)));
  const count = (status: number) => statuses.filter((each) => each === status).length;
  return {
    statuses,
    count,
    async served(more: number): Promise<void> {
      const goal = count(200) + more;
      await expect.poll(() => count(200), { timeout: 60_000 }).toBeGreaterThan(goal);
    },
    async stop(): Promise<void> {
      stopped = true;
      await all;
      await pool.close();
    },
  };
}

/** One address in front of whichever process the test names, as a cluster's service is: by connection. */
async function startBalancer() {
  let port = 0;
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    to(url: string) {
      port = Number(new URL(url).port);
    },
  };
}

it("mls restarted one by one behind their address, and a route that moves, under load: no request fails", async () => {
  const balancer = await startBalancer();
  let ml = await startMl(edge.directory);
  balancer.to(ml.url);
  route(balancer.url);
  const gateway = await startGateway();
  const asking = startAsking(gateway.url);
  await asking.served(300);
  for (let round = 0; round < 3; round += 1) {
    const old = ml;
    ml = await startMl(edge.directory);
    balancer.to(ml.url);
    expect(await old.stop()).toBe(0);
    await asking.served(200);
  }
  const next = await startMl(edge.directory);
  route(next.url);
  await asking.served(500);
  expect(await ml.stop()).toBe(0);
  await asking.served(200);
  await asking.stop();
  expect(asking.count(200)).toBe(asking.statuses.length);
  // With an open request each to the other.
  expect(await gateway.stop()).toBe(0);
  expect(await next.stop()).toBe(0);
});

it("an ml that is killed in the middle: its clients hear of it at once, and are served as soon as there is another", async () => {
  const balancer = await startBalancer();
  const first = await startMl(edge.directory);
  balancer.to(first.url);
  route(balancer.url);
  const asking = startAsking((await startGateway()).url);
  await asking.served(300);
  await first.kill();
  await expect.poll(() => asking.count(502), { timeout: 30_000 }).toBeGreaterThan(20);
  balancer.to((await startMl(edge.directory)).url);
  await asking.served(300);
  await asking.stop();
  expect(new Set(asking.statuses)).toEqual(new Set([200, 502]));
});
