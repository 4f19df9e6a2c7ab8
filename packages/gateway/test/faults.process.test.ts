import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { type Running, startProcess } from "./support/processes.ts";
import { type RawUpstream, respond, respondInPart, respondToParts, startRawUpstream } from "./support/raw-upstream.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const limits = { requestsPerSecond: 100_000, burst: 200_000 };
const neighbour = newShop({ limits });
const edge = await startEdge([neighbour]);
edge.collector.answer = () => ({ status: 202, body: { accepted: 1, duplicates: 0, rejected: [] } });
edge.ml.answer = () => ({ status: 200, body: { from: "stable" } });

let count = 0;
async function startGateway(env: Record<string, string> = {}): Promise<Running> {
  count += 1;
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `fault-${count}`),
    ENDCAP_GATEWAY_UPSTREAM_MS_MAX: "1000",
    ENDCAP_GATEWAY_UPSTREAM_HEALTH_EVERY_MS: "200",
    ...env,
  });
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
  return gateway;
}

const status = async (gateway: Running) => (await send(`${gateway.adminUrl}/internal/v1/status`, {})).body;

/** A shop whose collector and ml are one upstream, known to the gateway when this resolves. */
async function shopAt(gateway: Running, url: string): Promise<Shop> {
  count += 1;
  const [collector, ml] = [`collector.ill${count}`, `ml.ill${count}`];
  const shop = newShop({ limits, routes: { collector, ml, recommender: null } });
  const upstreams = [
    { id: collector, kind: "collector" as const, url },
    { id: ml, kind: "ml" as const, url },
  ];
  edge.control.push({ shops: [shop], upstreams });
  await expect
    .poll(async () => (await status(gateway)).snapshotVersion, { timeout: 10_000 })
    .toBe(edge.control.version);
  return shop;
}

async function ask(gateway: Running, shop: Shop, path: string, now = Date.now()) {
  const url = gateway.url + path;
  const { status, body } = await send(url, signed(url, "POST", shop.sk, { body: { events: [] }, now }));
  return [status, body.code];
}
const [events, lists] = ["/v1/events", "/v1/recommendations"] as const;

const faults: readonly (readonly [string, number, string, RawUpstream["onRequest"]])[] = [
  ["hangs", 504, "upstream_timeout", () => undefined],
  ["answers garbage", 502, "upstream_unavailable", (socket) => socket.write("SSH-2.0-OpenSSH\r\n\r\n")],
  ["answers a page", 502, "upstream_invalid", (socket) => respond(socket, 500, "<h1>nginx 10.0.0.7</h1>")],
  ["resets", 502, "upstream_unavailable", (socket) => socket.resetAndDestroy()],
  ["stops within its answer", 504, "upstream_timeout", respondInPart],
];

it("an upstream that fails in any way fails its own tenant alone, each time in its own words, and is asked again when it is well", async () => {
  const gateway = await startGateway();
  const { pid } = gateway.child;
  for (const [what, code, name, onRequest] of faults) {
    const raw = await startRawUpstream(onRequest);
    const shop = await shopAt(gateway, raw.url);
    for (const path of [events, lists]) {
      const [ill, ...well] = await Promise.all([
        ask(gateway, shop, path),
        ...Array.from({ length: 5 }, () => ask(gateway, neighbour, path)),
      ]);
      expect([what, path, ill]).toEqual([what, path, [code, name]]);
      expect([what, path, new Set(well.map(([told]) => told))]).toEqual([
        what,
        path,
        new Set([path === events ? 202 : 200]),
      ]);
    }
    raw.onRequest = (socket, bytes) => respondToParts(socket, bytes, 200, { from: "healed" });
    await expect.poll(() => ask(gateway, shop, lists), { timeout: 20_000 }).toEqual([200, undefined]);
  }
  expect([gateway.child.exitCode, gateway.child.pid]).toEqual([null, pid]);
});

it("an upstream that is slow is waited for, one that was killed is told of at once and served again when it is back", async () => {
  const gateway = await startGateway();
  const slow = await startRawUpstream(
    (socket, bytes) => void setTimeout(() => respondToParts(socket, bytes, 200, { from: "slow" }), 400),
  );
  const patient = await shopAt(gateway, slow.url);
  const began = performance.now();
  expect(await ask(gateway, patient, lists)).toEqual([200, undefined]);
  expect(performance.now() - began).toBeGreaterThan(390);

  const raw = await startRawUpstream((socket, bytes) => respondToParts(socket, bytes, 200, { from: "alive" }));
  const shop = await shopAt(gateway, raw.url);
  expect(await ask(gateway, shop, lists)).toEqual([200, undefined]);
  await raw.close();
  for (const path of [events, lists]) {
    expect(await ask(gateway, shop, path)).toEqual([502, "upstream_unavailable"]);
    expect((await ask(gateway, neighbour, path))[0]).toBe(path === events ? 202 : 200);
  }
  await startRawUpstream((socket, bytes) => respondToParts(socket, bytes, 200, { from: "back" }), raw.port);
  await expect.poll(() => ask(gateway, shop, lists), { timeout: 20_000 }).toEqual([200, undefined]);
});

it("a clock that jumps, forward or back, costs no request and no readiness", async () => {
  const file = join(edge.directory, "clock");
  const preload = pathToFileURL(join(import.meta.dirname, "support/shifted-clock-process.ts"));
  const gateway = await startGateway({
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`,
    SHIFTED_CLOCK_FILE: file,
  });
  const serverTime = async () => Date.parse(String((await send(`${gateway.url}/nowhere`, {})).body.serverTime));
  const day = 86_400_000;
  for (const offsetMs of [0, day, -day, 3 * day, 0]) {
    writeFileSync(file, String(offsetMs));
    gateway.child.kill("SIGUSR2");
    await expect
      .poll(async () => Math.abs((await serverTime()) - Date.now() - offsetMs) < 5_000, { timeout: 5_000 })
      .toBe(true);
    // The clock of a machine is that of its upstreams and clients too.
    edge.clock.offsetMs = offsetMs;
    const now = Date.now() + offsetMs;
    const answers = [await ask(gateway, neighbour, events, now), await ask(gateway, neighbour, lists, now)];
    expect([offsetMs, answers]).toEqual([
      offsetMs,
      [
        [202, undefined],
        [200, undefined],
      ],
    ]);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  }
  edge.clock.offsetMs = 0;
  expect(Number((await status(gateway)).snapshotAgeMs)).toBeLessThan(60_000);
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  expect(metrics).not.toMatch(/endcap_breaker_opened_total\{[^}]*\} [1-9]/);
});
