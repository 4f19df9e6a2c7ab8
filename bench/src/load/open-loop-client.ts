/** The load generator of open-loop.ts: one task in, one result out. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { quantile, round3 } from "../stats.ts";
import type { OpenLoop, OpenLoopTask } from "./open-loop.ts";

/** Enough for 64 ms of answers at 1,000 a second; beyond that requests wait here, and their waiting counts. */
const connections = 64;

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
  sleeps = false,
}: OpenLoopTask): Promise<OpenLoop> {
  const pool = new Pool(origin, { connections, pipelining: 1, keepAliveTimeout: 60_000 });
  const count = Math.round(perSecond * seconds);
  const latencies = new Float64Array(count);
  const everyMs = 1_000 / perSecond;
  let errors = 0;
  const send = async (n: number, dueAt: number): Promise<void> => {
    try {
      const body = bodies[n % bodies.length] as string;
      const { statusCode, body: answer } = await pool.request({ method: "POST", path, headers, body });
      await answer.dump();
      if (statusCode !== expected) errors++;
    } catch {
      errors++;
    }
    latencies[n] = performance.now() - dueAt;
  };
  const start = performance.now();
  const sent: Promise<void>[] = [];
  // Turns without a pause rather than timers: those come up to a millisecond late, which would be counted.
  for (let n = 0; n < count; ) {
    const dueAt = start + n * everyMs;
    const now = performance.now();
    if (now >= dueAt) sent.push(send(n++, sleeps ? now : dueAt));
    else if (sleeps) await sleep(dueAt - now);
    else await new Promise(setImmediate);
  }
  await Promise.all(sent);
  const elapsed = (performance.now() - start) / 1_000;
  await pool.close();
  return {
    perSecond: round3(count / elapsed),
    msP50: round3(quantile(latencies, 0.5)),
    msP90: round3(quantile(latencies, 0.9)),
    msP99: round3(quantile(latencies, 0.99)),
    msMax: round3(quantile(latencies, 1)),
    errors,
  };
}
