import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { startProcess } from "./support/processes.ts";
import { newShop } from "./support/tenants.ts";

const idle = 10_000;
const slow = 2_000;
const limits = { requestsPerSecond: 100_000, burst: 200_000 };
const shop = newShop({ limits });
const edge = await startEdge([shop]);
edge.collector.answer = () => ({ status: 202, body: { accepted: 1, duplicates: 0, rejected: [] } });

it(`${idle} idle and ${slow} slow connections harm nobody beside them, and the slow ones are ended`, async () => {
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, "node-connections"),
  });
  const url = `${gateway.url}/v1/events`;
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status).toBe(200);

  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const { hostname, port } = new URL(gateway.url);
  let ended = 0;
  const open = (first: string) =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) }, () => {
        if (first !== "") socket.write(first);
        resolve(socket);
      });
      socket.on("error", reject);
      socket.on("data", () => undefined);
      socket.on("close", () => (ended += 1));
      sockets.push(socket);
    });
  /** Median and failures of normal requests, one after another. */
  const normal = async () => {
    const milliseconds: number[] = [];
    let failed = 0;
    for (let n = 0; n < 300; n += 1) {
      const began = performance.now();
      const { status } = await send(url, signed(url, "POST", shop.sk, { body: { events: [] } }));
      milliseconds.push(performance.now() - began);
      if (status !== 202) failed += 1;
    }
    milliseconds.sort((a, b) => a - b);
    return { failed, p50: milliseconds[150] ?? 0 };
  };

  await normal();
  const alone = await normal();
  const together = 200;
  for (let n = 0; n < idle; n += together) await Promise.all(Array.from({ length: together }, () => open("")));
  const trickling: Socket[] = [];
  const head =
    "POST /v1/events HTTP/1.1\r\nhost: shop.example\r\ncontent-type: text/plain\r\ncontent-length: 500\r\n\r\n";
  for (let n = 0; n < slow; n += together) {
    // Half of them never finish their headers, half never finish their body.
    const opened = Array.from({ length: together }, (_, k) => open(k % 2 === 0 ? head.slice(0, 40) : head));
    trickling.push(...(await Promise.all(opened)));
  }
  const trickle = setInterval(() => {
    for (const socket of trickling) if (socket.writable) socket.write("x");
  }, 1_000);
  onTestFinished(() => clearInterval(trickle));

  const beside = await normal();
  console.info(`normal requests, median ms: alone ${alone.p50.toFixed(2)}, beside ${beside.p50.toFixed(2)}`);
  expect(beside.failed).toBe(0);
  // Generous: the machine itself is shared. A gateway that looked at each connection for each request would be far off.
  expect(beside.p50).toBeLessThan(Math.max(10, alone.p50 * 5));
  await expect.poll(() => ended, { timeout: 90_000, interval: 500 }).toBeGreaterThanOrEqual(slow);
  expect((await normal()).failed).toBe(0);
});
