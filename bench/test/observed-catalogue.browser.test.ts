/** Three visitors' pages keep the catalogue fresh: SDK, gateway, collector and store, as they run. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Item } from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack, type TenantKeys } from "../src/stack/stack.ts";

const ending: (() => Promise<unknown>)[] = [];
let stack: Stack;
let shop: TenantKeys;
let browser: Browser;
let shopOrigin: string;

beforeAll(async () => {
  const balancer = await listen(createServer(balance));
  stack = await startStack({
    env: { ENDCAP_GATEWAY_TRUST_PROXY: "true", ENDCAP_GATEWAY_PUBLIC_URL: balancer },
    cleanup: (work) => ending.push(work),
  });
  shopOrigin = await listen(
    createServer((_request, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(page(balancer));
    }),
  );
  shop = await stack.createTenant("observed", { origins: [shopOrigin] });
  browser = await chromium.launch({
    executablePath: process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  ending.push(() => browser.close());
});
afterAll(async () => {
  for (const work of ending.reverse()) await work();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ending.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** Stands for the balancer that adds each visitor's address; here a visitor's browser names it as its own name. */
function balance(incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = incoming;
  const forwarded = { ...headers, "x-forwarded-for": headers["user-agent"] };
  const outgoing = request(stack.ready.gatewayUrl + url, { method, headers: forwarded }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.once("error", () => answer.destroy());
  incoming.pipe(outgoing);
}

const page = (gateway: string) => `<!doctype html><title>Chair</title>
<script type="application/ld+json">{"@type": "Product", "sku": "chair", "offers": {"price": "79.00", "priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"}}</script>
<script async src="${gateway}/sdk/v1.js" data-key="${shop.publishable}"></script>`;

/** Somebody looks at the chair twice: the first answer brings the settings, the second page follows them. */
async function visit(address: string): Promise<void> {
  const context = await browser.newContext({ userAgent: address });
  const tab = await context.newPage();
  await tab.goto(shopOrigin);
  await tab.waitForFunction("Object.keys(localStorage).some((key) => key.endsWith('session'))");
  const told = tab.waitForResponse(
    async (answer) => answer.request().postData()?.includes("item_observed") === true && answer.status() === 202,
  );
  await tab.reload();
  await told;
  await context.close();
}

test("what three visitors from three addresses were shown is what the catalogue says, where the tenant wants that", async () => {
  const client = new Endcap({ endpoint: stack.ready.gatewayUrl, key: shop.secretKey, secret: shop.secret });
  const chair: Item = {
    id: "chair",
    title: "Chair",
    url: "/p/chair",
    price: "99.00",
    currency: "EUR",
    availability: "in_stock",
    categories: [["Chairs"]],
    updatedAt: new Date(Date.now() - 3_600_000).toISOString(),
  };
  await client.items.upsert([chair]);
  const settings = await stack.admin("PATCH", `/v1/tenants/${shop.id}`, { settings: { observeCatalogue: true } });
  expect(settings).toMatchObject({ settings: { observeCatalogue: true } });

  // One address is one voice, however many browsers it has.
  for (let i = 0; i < 3; i++) await visit("203.0.113.1");
  await visit("203.0.113.2");
  expect(await client.items.get("chair")).toMatchObject({ price: "99.00", availability: "in_stock" });
  await visit("203.0.113.3");
  await expect
    .poll(() => client.items.get("chair"), { timeout: 10_000 })
    .toEqual({
      ...chair,
      price: "79.00",
      availability: "out_of_stock",
      updatedAt: new Date(Date.parse(chair.updatedAt) + 1).toISOString(),
    });
});
