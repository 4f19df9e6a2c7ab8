import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ReadyMessage } from "@endcap/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const server = join(import.meta.dirname, "..", "src", "server.ts");
const flushMs = 50;
const shops = {
  killed: newShop(),
  full: newShop(),
  stopped: newShop(),
  quota: newShop({ limits: { eventsPerMonth: 6 } }),
};
const edge = await startEdge(Object.values(shops));
const { usage } = edge.control;
edge.collector.answer = () => ({ status: 202, body: { accepted: 2 } });

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  readonly usageDirectory: string;
}

async function start(name: string, env: Record<string, string> = {}, fileBytesMax?: number): Promise<Started> {
  const nodeDir = join(edge.directory, name);
  const all = {
    ...process.env,
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: nodeDir,
    ENDCAP_GATEWAY_USAGE_FLUSH_MS: String(flushMs),
    ...env,
  };
  const child =
    fileBytesMax === undefined
      ? fork(server, { env: all, stdio: ["ignore", "inherit", "inherit", "ipc"] })
      : spawn("/bin/sh", ["-c", `ulimit -S -f ${fileBytesMax / 512}; exec "$@"`, "sh", process.execPath, server], {
          env: all,
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  const { url, adminUrl } = ready;
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  return { child, url, adminUrl, usageDirectory: join(nodeDir, "usage") };
}

async function post({ url }: Started, shop: Shop): Promise<number> {
  const events = `${url}/v1/events`;
  return (await send(events, signed(events, "POST", shop.sk, { body: { events: [] } }))).status;
}

async function kill({ child }: Started): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** All that was counted is on disk: twice the interval, and the flush under way. */
const durable = () => new Promise((resolve) => setTimeout(resolve, 6 * flushMs));
const segments = ({ usageDirectory }: Started) => readdirSync(usageDirectory).filter((name) => name.endsWith(".usage"));
const metric = async ({ adminUrl }: Started, name: string) =>
  Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, "m").exec(await (await fetch(`${adminUrl}/metrics`)).text())?.[1]);

it("counts each event once, through kills of the gateway and a control that fails, hangs up and comes back", async () => {
  const { id } = shops.killed.tenant;
  let accepted = 0;
  for (const mode of ["down", "deaf", "up", "deaf", "down"] as const) {
    usage.mode = mode;
    const gateway = await start("killed");
    for (let n = 0; n < 5 + Math.floor(20 * Math.random()); n++) {
      expect(await post(gateway, shops.killed)).toBe(202);
      accepted += 2;
    }
    await durable();
    await kill(gateway);
  }
  usage.mode = "up";
  await start("killed");
  await expect.poll(() => usage.events(id), { timeout: 20_000 }).toBe(accepted);
  expect(usage.requests(id)).toBe(accepted / 2);
});

it("loses at most the last interval when it is killed in the middle of its work", async () => {
  const { id } = shops.killed.tenant;
  const before = usage.events(id);
  const gateway = await start("middle");
  const acceptedAt: number[] = [];
  const until = Date.now() + 400 + 400 * Math.random();
  while (Date.now() < until) {
    expect(await post(gateway, shops.killed)).toBe(202);
    acceptedAt.push(Date.now());
  }
  const killedAt = Date.now();
  await kill(gateway);
  await start("middle");
  // A flush begins every interval and takes as long as the disk does; a second is more than both together.
  const certain = 2 * acceptedAt.filter((at) => at < killedAt - flushMs - 1_000).length;
  await expect.poll(() => usage.events(id) - before, { timeout: 20_000 }).toBeGreaterThanOrEqual(certain);
  expect(usage.events(id) - before).toBeLessThanOrEqual(2 * acceptedAt.length);
});

it("hands everything over before it stops", async () => {
  const { id } = shops.stopped.tenant;
  const gateway = await start("stopped", { ENDCAP_GATEWAY_USAGE_FLUSH_MS: "60000" });
  for (let n = 0; n < 3; n++) expect(await post(gateway, shops.stopped)).toBe(202);
  expect(usage.events(id)).toBe(0);
  gateway.child.kill("SIGTERM");
  expect(await once(gateway.child, "exit")).toEqual([0, null]);
  expect(usage.events(id)).toBe(6);
  expect(usage.reports.at(-1)?.leaving).toBe(true);
  expect(segments(gateway)).toEqual([]);
});

it("knows the month's events after a restart with control down, reported or not", async () => {
  const gateway = await start("quota", { ENDCAP_GATEWAY_CONTROL_URL: edge.control.url });
  expect(await post(gateway, shops.quota)).toBe(202);
  await expect.poll(() => usage.events(shops.quota.tenant.id)).toBe(2);
  gateway.child.kill("SIGTERM");
  await once(gateway.child, "exit");

  const away = { ENDCAP_GATEWAY_CONTROL_URL: "http://127.0.0.1:1" };
  const second = await start("quota", away);
  expect(await post(second, shops.quota)).toBe(202);
  await durable();
  await kill(second);
  const third = await start("quota", away);
  expect(await post(third, shops.quota)).toBe(202);
  expect(await post(third, shops.quota)).toBe(429);
});

it("serves on when the disk takes no usage, says so, and loses nothing once it does again", async () => {
  const { id } = shops.full.tenant;
  usage.mode = "down";
  // The kernel refuses the byte after the first bound, as a full disk does; with two such files the second is reached.
  const gateway = await start("full", { ENDCAP_GATEWAY_USAGE_BYTES_MAX: "65536" }, 32 * 1024);
  let accepted = 0;
  while (!((await metric(gateway, "endcap_usage_writes_refused_total")) > 0)) {
    // A new answer each time is a new row of its own.
    for (let n = 0; n < 40; n++) {
      const status = 200 + ((accepted / 2) % 90);
      edge.collector.answer = () => ({ status, body: { accepted: 2 } });
      expect(await post(gateway, shops.full)).toBe(status);
      accepted += 2;
    }
  }
  edge.collector.answer = () => ({ status: 202, body: { accepted: 2 } });
  for (let n = 0; n < 10; n++) {
    expect(await post(gateway, shops.full)).toBe(202);
    accepted += 2;
  }
  expect(gateway.child.exitCode).toBeNull();
  usage.mode = "up";
  await expect.poll(() => usage.events(id), { timeout: 60_000 }).toBe(accepted);
  expect(usage.requests(id)).toBe(accepted / 2);
  expect(await metric(gateway, "endcap_usage_lost_requests_total")).toBe(0);
});
