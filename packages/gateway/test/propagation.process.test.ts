import { join } from "node:path";
import { expect, it } from "vitest";
import { send, startEdge } from "./support/edge.ts";
import { startProcess } from "./support/processes.ts";
import { newShop } from "./support/tenants.ts";

const gatewayCount = 4;
const rounds = 100;
const shop = newShop();
// Beside it a few thousand more, so that a change which costs what the whole snapshot costs would be seen.
const edge = await startEdge([shop, ...Array.from({ length: 3_000 }, () => newShop())]);

it(`a revocation reaches each of ${gatewayCount} gateways, p99 below a second`, async () => {
  const gateways = await Promise.all(
    Array.from({ length: gatewayCount }, (_, n) =>
      startProcess("gateway", { ...edge.config, ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `node-${n}`) }),
    ),
  );
  const status = async (url: string) => {
    const init = {
      method: "POST",
      headers: { "content-type": "text/plain", origin: shop.origin },
      body: JSON.stringify({ key: shop.pk }),
    };
    return (await send(`${url}/v1/sessions`, init)).status;
  };
  for (const { url } of gateways) await expect.poll(() => status(url), { timeout: 60_000 }).toBe(200);

  const { keys, ...tenant } = shop.tenant;
  const without = { ...shop, tenant: { ...tenant, keys: keys.filter(({ id }) => id !== shop.pk) } };
  const milliseconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const revoke = round % 2 === 0;
    const began = performance.now();
    edge.control.push({ shops: [revoke ? without : shop] });
    await Promise.all(
      gateways.map(async ({ url }) => {
        while ((await status(url)) !== (revoke ? 401 : 200)) await new Promise(setImmediate);
        milliseconds.push(performance.now() - began);
      }),
    );
  }
  milliseconds.sort((a, b) => a - b);
  const p99 = milliseconds[Math.floor(milliseconds.length * 0.99)] ?? Number.POSITIVE_INFINITY;
  console.info(
    `revocations at ${gatewayCount} gateways, ms: p50 ${milliseconds[milliseconds.length / 2]?.toFixed(1)}, p99 ${p99.toFixed(1)}`,
  );
  expect(p99).toBeLessThan(1_000);
});
