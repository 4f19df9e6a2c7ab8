import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { ReadyMessage } from "@endcap/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const server = join(import.meta.dirname, "..", "src", "server.ts");
const acorn = newShop();
const edge = await startEdge([acorn]);
const nodeDir = join(edge.directory, "process-node");
const batch = { body: { events: [] } };

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
}

async function start(env: Record<string, string | undefined>): Promise<Started> {
  const all = { ...process.env, ...edge.config, ENDCAP_GATEWAY_NODE_DIR: nodeDir, ...env };
  const child = fork(server, { env: all, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  return { child, url: ready.url, adminUrl: ready.adminUrl };
}

const readiness = async ({ url }: Started) => (await fetch(`${url}/readyz`)).status;

it("starts alone, and again from its disk when control is down and the last process was killed", async () => {
  edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });
  const first = await start({});
  await expect.poll(() => readiness(first)).toBe(200);
  const use = async ({ url }: Started) =>
    (await send(`${url}/v1/events`, signed(`${url}/v1/events`, "POST", acorn.sk, batch))).status;
  expect(await use(first)).toBe(202);
  await expect.poll(() => existsSync(join(nodeDir, "snapshot.json")), { timeout: 10_000 }).toBe(true);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  const second = await start({ ENDCAP_GATEWAY_CONTROL_URL: "http://127.0.0.1:1" });
  expect(await readiness(second)).toBe(200);
  expect(await use(second)).toBe(202);
});

it("is not ready when control was silent for longer than it may be, says for how long, and serves on", async () => {
  edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });
  const dir = join(edge.directory, "stale-node");
  const fresh = await start({ ENDCAP_GATEWAY_NODE_DIR: dir });
  await expect.poll(() => readiness(fresh)).toBe(200);
  await expect.poll(() => existsSync(join(dir, "snapshot.json")), { timeout: 10_000 }).toBe(true);
  fresh.child.kill("SIGTERM");
  await once(fresh.child, "exit");
  const silentSeconds = 7_200;
  const heard = Date.now() / 1000 - silentSeconds;
  utimesSync(join(dir, "snapshot.json"), heard, heard);

  const down = { ENDCAP_GATEWAY_NODE_DIR: dir, ENDCAP_GATEWAY_CONTROL_URL: "http://127.0.0.1:1" };
  for (const [ageMsMax, expected] of [
    [3 * 3_600_000, 200],
    [3_600_000, 503],
  ] as const) {
    const gateway = await start({ ...down, ENDCAP_GATEWAY_SNAPSHOT_AGE_MS_MAX: String(ageMsMax) });
    expect(await readiness(gateway)).toBe(expected);
    const url = `${gateway.url}/v1/events`;
    expect((await send(url, signed(url, "POST", acorn.sk, batch))).status).toBe(202);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const age = Number(/^endcap_snapshot_age_seconds\{[^}]*\} (\S+)$/m.exec(metrics)?.[1]);
    expect(age).toBeGreaterThanOrEqual(silentSeconds);
    expect(age).toBeLessThan(silentSeconds + 120);
    gateway.child.kill("SIGTERM");
    await once(gateway.child, "exit");
  }
});

it("writes one record a request: who, what, how it ended and where the time went", async () => {
  edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });
  const all = { ...process.env, ...edge.config, ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, "log-node") };
  const child = fork(server, { env: { ...all, ENDCAP_GATEWAY_LOG_LEVEL: "info" }, silent: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [{ url, adminUrl }] = (await once(child, "message")) as [Extract<ReadyMessage, { ready: true }>];
  await expect.poll(() => readiness({ child, url, adminUrl })).toBe(200);
  const events = `${url}/v1/events`;
  const served = await send(events, signed(events, "POST", acorn.sk, batch));
  const refused = await send(events, { ...signed(events, "POST", acorn.sk, batch), body: "{}" });
  const stopped = once(child, "exit");
  child.kill("SIGTERM");
  await stopped;
  const records = said
    .split("\n")
    .filter((line) => line.includes("request completed"))
    .map((line): Record<string, unknown> => JSON.parse(line));
  const ofReply = ({ headers }: typeof served) =>
    records.filter(({ reqId }) => reqId === headers.get("endcap-request-id"));
  const who = { tenant: acorn.tenant.id, tier: "standard", method: "POST", route: "/v1/events" };
  const times = { durationMs: expect.any(Number), authMs: expect.any(Number), queueMs: expect.any(Number) };
  expect(ofReply(served)).toEqual([
    expect.objectContaining({ ...who, ...times, status: 202, upstreamMs: expect.any(Number), name: "gateway" }),
  ]);
  expect(ofReply(refused)).toEqual([
    expect.objectContaining({ ...who, ...times, status: 401, code: "digest_mismatch" }),
  ]);
  expect(said).not.toContain(acorn.sk.secret);
});

it("is alive but not ready while it knows no tenant", async () => {
  const empty = await start({
    ENDCAP_GATEWAY_CONTROL_URL: undefined,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, "empty-node"),
  });
  expect(await readiness(empty)).toBe(503);
  expect((await fetch(`${empty.url}/healthz`)).status).toBe(200);
  const reply = await send(`${empty.url}/v1/events`, signed(`${empty.url}/v1/events`, "POST", acorn.sk, batch));
  expect([reply.status, reply.body.code]).toEqual([503, "not_ready"]);
});

it("drains: events in flight are answered, then it exits 0", async () => {
  const gateway = await start({});
  await expect.poll(() => readiness(gateway)).toBe(200);
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  edge.collector.answer = async () => {
    arrive();
    await gate;
    return { status: 202, body: { accepted: 1 } };
  };
  const url = `${gateway.url}/v1/events`;
  const reply = send(url, signed(url, "POST", acorn.sk, batch));
  await arrived;
  const exited = once(gateway.child, "exit");
  gateway.child.kill("SIGTERM");
  await expect.poll(async () => (await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(503);
  open();
  const { status, headers } = await reply;
  expect([status, headers.get("connection")]).toEqual([202, "close"]);
  expect(await exited).toEqual([0, null]);
});

it("refuses to start without its key, in words", async () => {
  const all = { ...process.env, ...edge.config, ENDCAP_GATEWAY_KEY_FILE: join(edge.directory, "none.key") };
  const child = fork(server, { env: all, silent: true });
  const [told] = await once(child, "message");
  expect(told).toMatchObject({ ready: false });
  expect(JSON.stringify(told)).toContain("none.key");
});
