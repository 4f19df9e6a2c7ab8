/** The load generator of open-loop.ts: one task in, one result out. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, round3 } from "../stats.ts";
import { openLines } from "./lines.ts";
import type { OpenLoop, OpenLoopTask } from "./open-loop.ts";

/** Enough for 64 ms of answers at 1,000 a second; beyond that requests wait here, and their waiting counts. */
const connections = 64;
/** How long is slept between looks at what is due: up to so much of a latency is the generator's own. */
const tickMs = 1;

const [task] = (await once(process, "message")) as [OpenLoopTask];
process.send?.(await run(task));

async function run({
  origin,
  path,
  headers,
  bodies,
  perSecond,
  seconds,
  expected,
  fromSending = false,
}: OpenLoopTask): Promise<OpenLoop> {
  const { host, port } = new URL(origin);
  const head = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  // Whole requests beforehand: the generator shares two cores with what it asks.
  const requests = bodies.map(
    (body) => `POST ${path} HTTP/1.1\r\n${head.join("")}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const lines = openLines(Number(port), connections);
  const count = Math.round(perSecond * seconds);
  const latencies = new Float64Array(count);
  let errors = 0;
  let answered = 0;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const send = (n: number, dueAt: number): void => {
      const from = fromSending ? performance.now() : dueAt;
      lines.send(requests[n % requests.length] as string, (status) => {
        latencies[n] = performance.now() - from;
        if (status !== expected) errors++;
        if (++answered === count) resolve();
      });
    };
    void sendWhenDue(count, (n) => start + (n * 1_000) / perSecond, send);
  });
  const elapsed = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  lines.close();
  return {
    perSecond: round3(count / elapsed),
    msP50: round3(quantile(latencies, 0.5)),
    msP90: round3(quantile(latencies, 0.9)),
    msP99: round3(quantile(latencies, 0.99)),
    msMax: round3(quantile(latencies, 1)),
    errors,
    clientCpuUs: round3((user + system) / count),
  };
}

async function sendWhenDue(
  count: number,
  dueAt: (n: number) => number,
  send: (n: number, dueAt: number) => void,
): Promise<void> {
  for (let n = 0; n < count; ) {
    for (const now = performance.now(); n < count && dueAt(n) <= now; n++) send(n, dueAt(n));
    await sleep(tickMs);
  }
}
