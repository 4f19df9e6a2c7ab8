import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ReadyMessage } from "@endcap/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const requestsPerSecond = 20;
const noisy = newShop({ limits: { requestsPerSecond, burst: requestsPerSecond } });
const quiet = newShop();
const edge = await startEdge([noisy, quiet]);
edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });

it("a tenant that sends fifty times its limit gets its limit, and its neighbour everything", async () => {
  const env = { ...process.env, ...edge.config, ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, "neighbours") };
  const child = fork(join(import.meta.dirname, "..", "src", "server.ts"), {
    env,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  const events = `${ready.url}/v1/events`;
  await expect.poll(async () => (await fetch(`${ready.url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  const post = async (shop: Shop) =>
    (await send(events, signed(events, "POST", shop.sk, { body: { events: [] } }))).status;

  const seenBefore = edge.collector.seen.length;
  const startedAt = performance.now();
  const flood = Array.from({ length: 20 }, async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 50; n++) statuses.push(await post(noisy));
    return statuses;
  });
  const neighbour: number[] = [];
  for (let n = 0; n < 50; n++) neighbour.push(await post(quiet));
  const statuses = (await Promise.all(flood)).flat();
  const seconds = (performance.now() - startedAt) / 1000;

  expect(new Set(neighbour)).toEqual(new Set([202]));
  expect(new Set(statuses)).toEqual(new Set([202, 429]));
  const through = statuses.filter((status) => status === 202).length;
  expect(through).toBeLessThanOrEqual(requestsPerSecond * (1 + seconds) + 1);
  // What was refused never reached an upstream.
  expect(edge.collector.seen.length - seenBefore).toBe(through + neighbour.length);
});
