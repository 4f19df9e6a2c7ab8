import { afterEach, expect, test } from "vitest";
import type { ItemInput, UpsertProgress } from "../src/index.ts";
import { client, credentials, Time } from "./support/client.ts";
import { type Handler, startServer, type TestServer } from "./support/server.ts";

let server: TestServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

async function serve(handle: Handler): Promise<TestServer> {
  server = await startServer(credentials, handle);
  return server;
}

const item = (n: number): ItemInput => ({
  id: `i-${n}`,
  title: `Item ${n}`,
  url: `/p/${n}`,
  price: "9.90",
  currency: "EUR",
  availability: "in_stock",
  categories: [["All"]],
});

async function* items(count: number): AsyncGenerator<ItemInput> {
  for (let n = 0; n < count; n++) yield item(n);
}

const itemsOf = (body: Buffer): { id: string; updatedAt: string }[] =>
  (JSON.parse(body.toString()) as { items: { id: string; updatedAt: string }[] }).items;

test("an asynchronous source is written in bounded requests, each item once, with progress", async () => {
  let inFlight = 0;
  let inFlightMax = 0;
  const { endpoint, requests } = await serve(async ({ body }) => {
    inFlightMax = Math.max(inFlightMax, ++inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    return { body: { stored: itemsOf(body).length, stale: 0, rejected: [] } };
  });
  const progress: UpsertProgress[] = [];
  const time = new Time();
  const result = await client(endpoint, { now: time.now }).items.upsert(items(1234), {
    itemsPerRequestMax: 100,
    concurrency: 3,
    onProgress: (now) => progress.push(now),
  });
  expect(result).toEqual({ stored: 1234, stale: 0, rejectedCount: 0, rejected: [] });
  const sent = requests.flatMap(({ body }) => itemsOf(body));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1234);
  expect(sent[0]?.updatedAt).toBe(new Date(time.nowMs).toISOString());
  expect(progress.at(-1)).toEqual({ sent: 1234, stored: 1234, stale: 0, rejected: 0 });
  expect(inFlightMax).toBeLessThanOrEqual(3);
});

test("rejected items are named by their place in the whole source", async () => {
  const { endpoint } = await serve(({ body }) => {
    const sent = itemsOf(body);
    const rejected = sent.flatMap(({ id }, index) =>
      id === "i-3" || id === "i-25" ? [{ index, id, code: "item_invalid", pointer: "/price" }] : [],
    );
    return { body: { stored: sent.length - rejected.length, stale: 0, rejected } };
  });
  const result = await client(endpoint).items.upsert(items(40), { itemsPerRequestMax: 10 });
  expect(result.stored).toBe(38);
  expect(result.rejected).toEqual([
    { index: 3, id: "i-3", code: "item_invalid", pointer: "/price" },
    { index: 25, id: "i-25", code: "item_invalid", pointer: "/price" },
  ]);
});

test("large items make smaller requests", async () => {
  const { endpoint, requests } = await serve(({ body }) => ({
    body: { stored: itemsOf(body).length, stale: 0, rejected: [] },
  }));
  const large = Array.from({ length: 150 }, (_, n) => ({ ...item(n), attributes: { story: ["x".repeat(50_000)] } }));
  const result = await client(endpoint).items.upsert(large);
  expect(result.stored).toBe(150);
  for (const { body } of requests) expect(body.length).toBeLessThan(8 * 1024 * 1024);
});

test("a request that fails for good rejects the call", async () => {
  const { endpoint } = await serve(() => ({ status: 403, body: { code: "scope_missing" } }));
  await expect(client(endpoint).items.upsert([item(1)])).rejects.toMatchObject({ code: "scope_missing" });
});

test("erasure and recommendations go to their routes", async () => {
  const { endpoint, requests } = await serve(() => ({ status: 202, body: { receipt: "r-1", items: [] } }));
  const endcap = client(endpoint);
  expect(await endcap.shoppers.erase({ userId: "ü 1" })).toEqual({ receipt: "r-1", items: [] });
  await endcap.shoppers.erasure({ anonymousId: "a_1" });
  await endcap.recommenders.rank("custom:gift", { shopper: { userId: "u" }, limit: 3 });
  expect(requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
    "DELETE /v1/shoppers/user/%C3%BC%201",
    "GET /v1/shoppers/anonymous/a_1",
    "POST /v1/recommenders/custom:gift",
  ]);
});
