import { join } from "node:path";
import type { SnapshotUpstream } from "@endcap/protocol";
import { expect, it } from "vitest";
import { startEdge } from "./support/edge.ts";
import { type Running, startCollector, startProcess } from "./support/processes.ts";
import { countLost, startShoppers } from "./support/shoppers.ts";
import { newShop } from "./support/tenants.ts";

const limits = { requestsPerSecond: 100_000, burst: 200_000, inFlightMax: 1_000 };
const shop = newShop({ limits, routes: { collector: "collector.own", ml: "ml", recommender: null } });
const edge = await startEdge([shop]);
const workers = 8;

let nodes = 0;
const startGateway = (env: Record<string, string> = {}) => {
  nodes += 1;
  const node = { ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `node-${nodes}`) };
  return startProcess("gateway", { ...edge.config, ...node, ENDCAP_GATEWAY_DRAIN_DELAY_MS: "500", ...env });
};
const route = (url: string) => {
  const upstream: SnapshotUpstream = { id: "collector.own", kind: "collector", url };
  edge.control.push({ upstreams: [upstream] });
};

it("gateways restarted one by one and a collector replaced, under load: no request fails, no acknowledged event is lost", async () => {
  let collector = await startCollector(edge.directory);
  route(collector.url);
  let gateways: Running[] = await Promise.all([startGateway(), startGateway()]);
  const shoppers = startShoppers(
    shop,
    gateways.map(({ url }) => url),
    workers,
  );
  const served = async (more: number) => {
    const goal = shoppers.outcomes.length + more;
    await expect.poll(() => shoppers.outcomes.length, { timeout: 60_000 }).toBeGreaterThan(goal);
  };
  await served(100);

  for (const old of gateways) {
    const next = await startGateway();
    const all = [...gateways, next];
    shoppers.set(all.map(({ url }) => url));
    await served(50);
    expect(await old.stop()).toBe(0);
    gateways = all.filter((gateway) => gateway !== old);
    shoppers.set(gateways.map(({ url }) => url));
    await served(50);
  }

  for (let round = 0; round < 2; round += 1) {
    const old = collector;
    collector = await startCollector(edge.directory);
    route(collector.url);
    await served(100);
    expect(await old.stop()).toBe(0);
    await served(50);
  }

  await shoppers.stop();
  const { outcomes } = shoppers;
  expect(outcomes.filter(({ status }) => status !== 202).map(({ status, code }) => `${status} ${code}`)).toEqual([]);
  expect(await countLost(shop, gateways[0]?.url ?? "", outcomes)).toBe(0);
});

it("a collector killed and started again: its clients hear of it at once, and what was acknowledged is there", async () => {
  const first = await startCollector(edge.directory);
  route(first.url);
  const gateway = await startGateway();
  const shoppers = startShoppers(shop, [gateway.url], workers);
  const count = (status: number) => shoppers.outcomes.filter((outcome) => outcome.status === status).length;
  await expect.poll(() => count(202), { timeout: 30_000 }).toBeGreaterThan(100);
  await first.kill();
  await expect.poll(() => count(502), { timeout: 30_000 }).toBeGreaterThan(20);
  const before = count(202);
  await startCollector(edge.directory, Number(new URL(first.url).port));
  await expect.poll(() => count(202), { timeout: 30_000 }).toBeGreaterThan(before + 100);
  await shoppers.stop();
  expect(new Set(shoppers.outcomes.map(({ status }) => status))).toEqual(new Set([202, 502]));
  expect(await countLost(shop, gateway.url, shoppers.outcomes)).toBe(0);
});

it("a collector that hangs: clients wait once, are then refused at once, and are served as soon as it runs on", async () => {
  const collector = await startCollector(edge.directory);
  route(collector.url);
  const gateway = await startGateway({
    ENDCAP_GATEWAY_UPSTREAM_MS_MAX: "1000",
    ENDCAP_GATEWAY_UPSTREAM_HEALTH_EVERY_MS: "500",
  });
  const shoppers = startShoppers(shop, [gateway.url], workers);
  const count = (status: number) => shoppers.outcomes.filter((outcome) => outcome.status === status).length;
  await expect.poll(() => count(202), { timeout: 30_000 }).toBeGreaterThan(100);
  collector.child.kill("SIGSTOP");
  // Refused, so the breaker is open: nobody can be refused a connection by a process that only sleeps.
  await expect.poll(() => count(502), { timeout: 30_000 }).toBeGreaterThan(100);
  const [waited, before] = [count(504), count(202)];
  collector.child.kill("SIGCONT");
  await expect.poll(() => count(202), { timeout: 30_000 }).toBeGreaterThan(before + 100);
  await shoppers.stop();
  expect(waited).toBeLessThan(200);
  expect(await countLost(shop, gateway.url, shoppers.outcomes)).toBe(0);
});
