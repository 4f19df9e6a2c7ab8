import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { backoffMs, parseRetryAfter } from "../src/http/backoff.ts";
import { EndcapApiError, EndcapConnectionError, EndcapError, EndcapTimeoutError } from "../src/index.ts";
import { client, credentials, random, Time } from "./support/client.ts";
import { type Handler, startServer, type TestServer } from "./support/server.ts";

let server: TestServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

async function serve(handle: Handler): Promise<TestServer> {
  server = await startServer(credentials, handle);
  return server;
}

const ok = { body: { id: "x" } };
const problem = (code: string, status: number, more: object = {}) => ({ status, body: { code, status, ...more } });

test("a retryable status is retried with a fresh signature each time", async () => {
  const { endpoint, requests, faults } = await serve((_, count) => (count < 3 ? problem("overloaded", 503) : ok));
  const time = new Time();
  await client(endpoint, { after: time.after }).items.get("x");
  expect(requests).toHaveLength(3);
  expect(new Set(requests.map(({ headers }) => headers["signature-input"])).size).toBe(3);
  expect(faults).toEqual([]);
  expect(time.waits).toHaveLength(2);
});

test("a reset connection is retried; the error names the cause when it persists", async () => {
  const { endpoint, requests } = await serve((_, count) => (count === 1 ? "reset" : ok));
  await client(endpoint, { after: new Time().after }).items.get("x");
  expect(requests).toHaveLength(2);
  if (server) server.handle = () => "reset";
  const error = await client(endpoint, { after: new Time().after })
    .items.get("x")
    .catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(EndcapConnectionError);
  expect((error as Error).cause).toBeDefined();
});

test.each([
  [400, {}, 1],
  [409, {}, 1],
  [501, {}, 1],
  [503, { "endcap-should-retry": "false" }, 1],
  [409, { "endcap-should-retry": "true" }, 4],
  [408, {}, 4],
  [425, {}, 4],
  [500, {}, 4],
  [504, {}, 4],
])("status %i with %o makes %i attempts", async (status, headers, attempts) => {
  const { endpoint, requests } = await serve(() => ({ status, headers, body: { code: "internal" } }));
  await expect(client(endpoint, { after: new Time().after }).items.get("x")).rejects.toThrow(EndcapApiError);
  expect(requests).toHaveLength(attempts);
});

test("Retry-After is the floor of the wait", async () => {
  const { endpoint } = await serve((_, count) =>
    count === 1 ? { ...problem("rate_limited", 429), headers: { "retry-after": "2" } } : ok,
  );
  const time = new Time((delayMs) => delayMs >= 2000 && delayMs < 2200);
  await client(endpoint, { after: time.after, now: time.now }).items.get("x");
  expect(time.waits).toHaveLength(1);
});

test("a Retry-After beyond the deadline fails at once with the server's error", async () => {
  const { endpoint, requests } = await serve(() => ({
    ...problem("rate_limited", 429, { instance: "req-7", errors: [{ pointer: "/a", code: "b" }] }),
    headers: { "retry-after": "3600" },
  }));
  const error = await client(endpoint)
    .items.get("x")
    .catch((fault: unknown) => fault);
  expect(error).toMatchObject({
    code: "rate_limited",
    status: 429,
    requestId: "req-7",
    retryAfterMs: 3_600_000,
    errors: [{ pointer: "/a", code: "b" }],
  });
  expect(requests).toHaveLength(1);
});

test("the deadline ends a hanging call", async () => {
  const { endpoint } = await serve(() => "hang");
  const started = Date.now();
  await expect(client(endpoint).items.get("x", { timeoutMsMax: 80 })).rejects.toThrow(EndcapTimeoutError);
  expect(Date.now() - started).toBeLessThan(2000);
});

test("a hanging attempt is given up and tried again within the deadline", async () => {
  const { endpoint, requests } = await serve((_, count) => (count === 1 ? "hang" : ok));
  await client(endpoint, { attemptMsMax: 50 }).items.get("x");
  expect(requests).toHaveLength(2);
});

test("a caller's abort rejects with its reason, before and during the call", async () => {
  const reason = new Error("the shopper left");
  const controller = new AbortController();
  const { endpoint, requests } = await serve(() => {
    controller.abort(reason);
    return "hang";
  });
  const endcap = client(endpoint);
  await expect(endcap.items.get("x", { signal: controller.signal })).rejects.toBe(reason);
  await expect(endcap.items.get("x", { signal: controller.signal })).rejects.toBe(reason);
  expect(requests).toHaveLength(1);
});

test("a host with a wrong clock signs by the server's time after one refusal", async () => {
  const serverTime = new Date().toISOString();
  const { endpoint, requests } = await serve((request) => {
    const created = Number(/created=(\d+)/.exec(request.headers["signature-input"] ?? "")?.[1]);
    const skewed = Math.abs(created * 1000 - Date.parse(serverTime)) > 300_000;
    return skewed ? problem("signature_expired", 401, { serverTime }) : ok;
  });
  const yearsOff = Date.now() - 5 * 365 * 86_400_000;
  const endcap = client(endpoint, { now: () => yearsOff, after: new Time().after });
  await endcap.items.get("x");
  await endcap.items.get("x");
  expect(requests).toHaveLength(3);
});

test("a redirect is not followed", async () => {
  const { endpoint, requests } = await serve(() => ({ status: 307, headers: { location: "/elsewhere" } }));
  await expect(client(endpoint).items.get("x")).rejects.toMatchObject({ status: 307, code: "http_307" });
  expect(requests).toHaveLength(1);
});

test("an answer that is not JSON is a connection error", async () => {
  const { endpoint } = await serve(() => ({ body: "<html>captive portal</html>" }));
  await expect(client(endpoint, { retries: 0 }).items.get("x")).rejects.toThrow(EndcapConnectionError);
});

test("hooks see each attempt and may add headers; one that throws changes nothing", async () => {
  const seen: string[] = [];
  const { endpoint, requests } = await serve((_, count) =>
    count === 1 ? problem("overloaded", 503) : { ...ok, headers: { "endcap-request-id": "r-2" } },
  );
  await client(endpoint, {
    after: new Time().after,
    hooks: {
      onRequest: ({ attempt, headers }) => {
        headers.traceparent = "00-1";
        seen.push(`request ${attempt}`);
      },
      onResponse: ({ status, requestId }) => seen.push(`response ${status} ${requestId}`),
      onRetry: ({ attempt, error }) => {
        seen.push(`retry ${attempt} ${(error as EndcapApiError).code}`);
      },
    },
  }).items.get("x");
  expect(seen).toEqual(["request 1", "response 503 undefined", "retry 1 overloaded", "request 2", "response 200 r-2"]);
  expect(requests[0]?.headers.traceparent).toBe("00-1");
});

test("instanceof holds across duplicate copies of the package, and not for others' subclasses", async () => {
  const copy = (await import(
    /* @vite-ignore */ `../src/errors.ts?copy=${Date.now()}`
  )) as typeof import("../src/errors.ts");
  const error = new copy.EndcapTimeoutError("late");
  expect(copy.EndcapTimeoutError).not.toBe(EndcapTimeoutError);
  expect(error instanceof EndcapTimeoutError).toBe(true);
  expect(error instanceof EndcapError).toBe(true);
  expect(error instanceof EndcapConnectionError).toBe(false);
  class Mine extends EndcapTimeoutError {}
  expect(error instanceof Mine).toBe(false);
  expect(new Mine("x") instanceof EndcapTimeoutError && new Mine("x") instanceof Mine).toBe(true);
  expect({} instanceof EndcapError || (null as unknown) instanceof EndcapError).toBe(false);
});

test("backoff lies between the server's floor and the cap, and spreads", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.option(fc.nat(100_000), { nil: undefined }), (attempt, floor) => {
      const wait = backoffMs(attempt, floor, random);
      expect(wait).toBeGreaterThanOrEqual(floor ?? 0);
      expect(wait).toBeLessThan((floor ?? 0) + Math.min(10_000, 200 * 2 ** attempt));
    }),
  );
  expect(new Set(Array.from({ length: 50 }, () => backoffMs(5, undefined, random))).size).toBeGreaterThan(40);
});

test("Retry-After is read as seconds or as an HTTP date", () => {
  const now = Date.parse("Fri, 31 Dec 1999 23:59:59 GMT");
  expect(parseRetryAfter("120", now)).toBe(120_000);
  expect(parseRetryAfter("Sat, 01 Jan 2000 00:00:09 GMT", now)).toBe(10_000);
  expect(parseRetryAfter("Fri, 31 Dec 1999 00:00:00 GMT", now)).toBe(0);
  expect(parseRetryAfter("soon", now)).toBeUndefined();
  expect(parseRetryAfter(null, now)).toBeUndefined();
});
