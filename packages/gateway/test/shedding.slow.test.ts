import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TIERS } from "@endcap/protocol";
import { request } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { startEdge } from "./support/edge.ts";
import { bearer, startFlood } from "./support/flood.ts";
import { type Running, startProcess } from "./support/processes.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const unlimited = { requestsPerSecond: 1_000_000, burst: 1_000_000, inFlightMax: 100_000 };
const own = { collector: "collector", ml: "ml.own", recommender: null };
const standard = newShop({ limits: unlimited, routes: own });
const enterprise = newShop({ tier: "enterprise", limits: { ...TIERS.enterprise.limits, ...unlimited }, routes: own });
const edge = await startEdge([standard, enterprise]);

const startGateway = async (name: string, overloadDelayMs: number): Promise<Running> => {
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, name),
    ENDCAP_GATEWAY_OVERLOAD_DELAY_MS: String(overloadDelayMs),
  });
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status, { timeout: 15_000 }).toBe(200);
  return gateway;
};

async function post(gateway: Running, path: string, shop: Shop, body: object): Promise<number> {
  const headers = { authorization: bearer(shop), "content-type": "application/json" };
  const answer = await request(gateway.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  await answer.body.dump();
  return answer.statusCode;
}

it("a saturated gateway refuses Standard's lists while Enterprise's are served, and heals", async () => {
  const upstream = fork(join(import.meta.dirname, "support/cheap-upstream-process.ts"));
  onTestFinished(() => void upstream.kill("SIGKILL"));
  const [url] = (await once(upstream, "message")) as [string];
  edge.control.push({ upstreams: [{ id: "ml.own", kind: "ml", url }] });
  // Four hundred clients at once wait longer than that, whoever of them, the upstream and the gateway is the narrow place.
  const gateway = await startGateway("shedding", 8);
  const lists = "/v1/recommendations";
  const level = async () => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    return Number(/^endcap_shed_level\{.*\} (.+)$/m.exec(text)?.[1]);
  };
  const ask = (shop: Shop) => post(gateway, lists, shop, { shopper: { userId: "u" } });
  // A start is work as well.
  await expect.poll(level, { timeout: 20_000 }).toBe(0);
  expect([await ask(standard), await ask(enterprise)]).toEqual([200, 200]);

  const flood = await startFlood({
    url: gateway.url,
    path: lists,
    authorization: bearer(standard),
    bodyBytes: 60_000,
    clients: 400,
  });
  const served: number[] = [];
  const levels: number[] = [];
  const until = performance.now() + 15_000;
  while (performance.now() < until) {
    served.push(await ask(enterprise));
    if (served.length % 10 === 0) levels.push(await level());
    await sleep(10);
  }
  const { 200: given = 0, 503: shed = 0 } = await flood.report();
  await flood.stop();
  const kept = served.filter((status) => status === 200).length;
  process.stdout.write(
    `Standard: ${given} served, ${shed} shed; Enterprise: ${kept} of ${served.length} served; level up to ${Math.max(...levels)}\n`,
  );
  expect(shed).toBeGreaterThan(400);
  expect(kept / served.length).toBeGreaterThan(0.95);
  await expect.poll(level, { timeout: 20_000 }).toBe(0);
  expect([await ask(standard), await ask(enterprise)]).toEqual([200, 200]);
});
