import { type ChildProcess, fork, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import type { ReadyMessage } from "../src/index.ts";
import { tempDir } from "./support/temp-dir.ts";

const script = join(import.meta.dirname, "support", "demo-process.ts");

interface Started {
  readonly child: ChildProcess;
  readonly ready: Extract<ReadyMessage, { ready: true }>;
}

async function start(env: Record<string, string> = {}): Promise<Started> {
  const child = fork(script, { env: { ...process.env, ...env }, silent: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  return { child, ready };
}

function run(env: Record<string, string>, args: string[] = [], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, ...env }, ...options });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
}

it("drains on SIGTERM: not ready, port closed, requests in flight answered, stores closed after them, exit 0", async () => {
  const journal = join(tempDir(), "journal");
  const { child, ready } = await start({ ENDCAP_DEMO_JOURNAL: journal, ENDCAP_DEMO_DRAIN_DELAY_MS: "300" });
  expect((await fetch(`${ready.url}/readyz`)).status).toBe(200);
  const slow = fetch(`${ready.url}/slow/800`);
  await expect.poll(() => existsSync(journal)).toBe(true);
  const exited = exitOf(child);
  child.kill("SIGTERM");
  await expect.poll(async () => (await fetch(`${ready.url}/readyz`)).status).toBe(503);
  const answer = await slow;
  expect(answer.status).toBe(200);
  expect(answer.headers.get("connection")).toBe("close");
  expect(await exited).toEqual([0, null]);
  expect(readFileSync(journal, "utf8").trim().split("\n")).toEqual(["started", "answered", "stores closed"]);
});

it("keeps its bound: a request that does not end is cut, and the exit is still clean", async () => {
  const journal = join(tempDir(), "journal");
  const { child, ready } = await start({ ENDCAP_DEMO_JOURNAL: journal, ENDCAP_DEMO_DRAIN_MS_MAX: "200" });
  const slow = fetch(`${ready.url}/slow/60000`).catch((error: Error) => error.name);
  await expect.poll(() => existsSync(journal)).toBe(true);
  const since = performance.now();
  child.kill("SIGINT");
  expect(await exitOf(child)).toEqual([0, null]);
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(await slow).toBe("TypeError");
});

it("exits at once at the second signal", async () => {
  const journal = join(tempDir(), "journal");
  const { child, ready } = await start({ ENDCAP_DEMO_JOURNAL: journal, ENDCAP_DEMO_DRAIN_MS_MAX: "60000" });
  fetch(`${ready.url}/slow/60000`).catch(() => "cut");
  await expect.poll(() => existsSync(journal)).toBe(true);
  const exited = exitOf(child);
  child.kill("SIGTERM");
  await expect.poll(async () => fetch(`${ready.adminUrl}/readyz`).then(({ status }) => status)).toBe(503);
  child.kill("SIGTERM");
  expect(await exited).toEqual([1, null]);
});

it("dies with a parent that was killed", async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, "support", "parent-process.ts"), script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const { pid, message } = JSON.parse(line);
  expect((await fetch(`${message.url}/healthz`)).status).toBe(200);
  parent.kill("SIGKILL");
  const alive = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(alive, { timeout: 10_000 }).toBe(false);
});

it("says in one sentence that a port is in use, and exits 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const child = run({ ENDCAP_DEMO_PORT: String(port) });
  const [[code], stderr] = await Promise.all([exitOf(child), child.stderr && text(child.stderr)]);
  expect(code).toBe(1);
  expect(stderr).toBe(`demo: port ${port} on 127.0.0.1 is in use; stop the other process or set ENDCAP_DEMO_PORT\n`);

  const forked = fork(script, { env: { ...process.env, ENDCAP_DEMO_PORT: String(port) }, silent: true });
  const [told] = await once(forked, "message");
  expect(told).toMatchObject({ ready: false, code: "port_in_use" });
});

it("lists every fault of its configuration, and exits 1", async () => {
  const child = run({ ENDCAP_DEMO_PORT: "http", ENDCAP_DEMO_PROT: "1" });
  const [[code], stderr] = await Promise.all([exitOf(child), child.stderr && text(child.stderr)]);
  expect(code).toBe(1);
  expect(stderr).toContain("ENDCAP_DEMO_PROT: unknown variable");
  expect(stderr).toContain("port: must be integer");
  expect(stderr).not.toContain("at loadConfig");
});

it("tells a descriptor that it is ready, or a person in one line", async () => {
  const file = join(tempDir(), "ready");
  const told = run({}, ["--ready-fd", "3"], { stdio: ["ignore", "ignore", "inherit", openSync(file, "w")] });
  await expect.poll(() => readFileSync(file, "utf8"), { timeout: 10_000 }).toContain("\n");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ ready: true });
  told.kill("SIGTERM");
  expect(await exitOf(told)).toEqual([0, null]);

  const shown = run({ ENDCAP_DEMO_LOG_LEVEL: "silent" });
  const [line] = await once(createInterface({ input: shown.stdout ?? process.stdin }), "line");
  expect(line).toMatch(/^demo listens on http:\/\/127\.0\.0\.1:\d+, admin on http:\/\/127\.0\.0\.1:\d+$/);
});

it("loses no record at its exit", async () => {
  const child = fork(script, { env: { ...process.env, ENDCAP_DEMO_LOG_LEVEL: "info" }, silent: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed = child.stdout === null ? Promise.resolve("") : text(child.stdout);
  const [{ url }] = (await once(child, "message")) as [Started["ready"]];
  await fetch(`${url}/slow/1`);
  child.kill("SIGTERM");
  await exitOf(child);
  const records = (await printed)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["request completed", "draining"]));
});
