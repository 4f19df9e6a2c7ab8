import { join } from "node:path";
import { loadConfig } from "@endcap/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { buildGateway, gatewayConfig } from "../src/index.ts";
import { bootstrap, send, signed, startEdge } from "./support/edge.ts";
import { bearer } from "./support/flood.ts";
import { newShop } from "./support/tenants.ts";

const shop = newShop();
const edge = await startEdge([shop]);

it("a gateway that has not heard of anybody yet calls nobody a stranger: whoever comes is told to come again", async () => {
  const env = {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, "cold"),
    // Port 9 discards, where anybody listens at all.
    ENDCAP_GATEWAY_CONTROL_URL: "http://127.0.0.1:9",
  };
  const { config } = await loadConfig(gatewayConfig, { env });
  const gateway = await buildGateway(config);
  onTestFinished(() => gateway.close());
  const { url } = await gateway.listen();

  const page = bootstrap(shop, { events: [] });
  const open = { ...page, body: JSON.stringify({ key: shop.pk }) };
  const asked: [string, RequestInit][] = [
    ["/v1/events", signed(`${url}/v1/events`, "POST", shop.sk, { body: { events: [] } })],
    ["/v1/items/a", { headers: { authorization: bearer(shop) } }],
    ["/v1/recommendations", page],
    ["/v1/sessions", open],
    ["/v1/events", { method: "OPTIONS", headers: { origin: shop.origin, "access-control-request-method": "POST" } }],
  ];
  for (const [path, init] of asked) {
    const { status, body, headers } = await send(url + path, init);
    expect([path, status, body.code, headers.get("retry-after")]).toEqual([path, 503, "not_ready", "1"]);
  }
  expect((await send(`${url}/readyz`, {})).status).toBe(503);
});
