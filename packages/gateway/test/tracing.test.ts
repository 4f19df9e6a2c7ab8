import { once } from "node:events";
import { createServer } from "node:http";
import { Registry } from "prom-client";
import { afterAll, describe, expect, it } from "vitest";
import { createRequestMetrics } from "../src/metering/request-metrics.ts";
import { readTraceContext, traceHeaders } from "../src/tracing/trace-context.ts";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";

describe("a caller's traceparent", () => {
  it.each([
    ["sampled", `00-${traceId}-${parent}-01`, true],
    ["not sampled", `00-${traceId}-${parent}-00`, false],
    ["a later version with more", `cc-${traceId}-${parent}-01-what-the-future-brings`, true],
  ])("is read: %s", (_name, text, sampled) => {
    expect(readTraceContext(text, "a=1")).toEqual({ traceId, spanId: parent, sampled, tracestate: "a=1" });
  });

  it.each([
    ["no trace", `00-${"0".repeat(32)}-${parent}-01`],
    ["no span", `00-${traceId}-${"0".repeat(16)}-01`],
    ["version ff", `ff-${traceId}-${parent}-01`],
    ["upper case", `00-${traceId.toUpperCase()}-${parent}-01`],
    ["version 00 with more", `00-${traceId}-${parent}-01-more`],
    ["short", `00-${traceId}-${parent}`],
    ["long", `cc-${traceId}-${parent}-01-${"x".repeat(300)}`],
  ])("is refused, and its tracestate with it: %s", (_name, text) => {
    expect(readTraceContext(text, "a=1")).toBeNull();
  });

  it("joins a tracestate in several fields and leaves out one past its bound", () => {
    expect(readTraceContext(`00-${traceId}-${parent}-01`, ["a=1", "b=2"])?.tracestate).toBe("a=1,b=2");
    expect(readTraceContext(`00-${traceId}-${parent}-01`, "x".repeat(513))?.tracestate).toBeUndefined();
  });

  it("is written as it was read", () => {
    const context = readTraceContext(`00-${traceId}-${parent}-00`, undefined);
    expect(context && traceHeaders(context)).toEqual({ traceparent: `00-${traceId}-${parent}-00` });
  });
});

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { key: string; value: Record<string, unknown> }[];
}

/** A real OTLP/HTTP receiver, as far as JSON goes. */
async function startReceiver() {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      spans.push(...body.resourceSpans[0].scopeSpans[0].spans);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return { spans, url: `http://127.0.0.1:${address.port}/v1/traces` };
}

describe("a gateway with an exporter", async () => {
  const acorn = newShop();
  const receiver = await startReceiver();
  const edge = await startEdge([acorn], {
    ENDCAP_GATEWAY_OTLP_URL: receiver.url,
    ENDCAP_GATEWAY_TRACE_SAMPLE_RATIO: "1",
  });
  const traced = { traceparent: `00-${traceId}-${parent}-01`, tracestate: "shop=1" };
  const spanNamed = async (name: string) => {
    await expect.poll(() => receiver.spans.filter((span) => span.name === name), { timeout: 5_000 }).not.toEqual([]);
    return receiver.spans.find((span) => span.name === name);
  };
  const valuesOf = (span: Span | undefined) =>
    Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

  it("makes one span a request below its caller's, and its upstream's stand below that", async () => {
    const url = `${edge.url}/v1/recommendations`;
    const init = signed(url, "POST", acorn.sk, { body: { limit: 1 }, headers: traced });
    expect((await send(url, init)).status).toBe(200);
    const span = await spanNamed("POST /v1/recommendations");
    expect(span).toMatchObject({ traceId, parentSpanId: parent, kind: 2, traceState: "shop=1" });
    const { traceparent, tracestate } = edge.ml.seen.at(-1)?.headers ?? {};
    expect(traceparent).toBe(`00-${traceId}-${span?.spanId}-01`);
    expect(tracestate).toBe("shop=1");
    expect(valuesOf(span)).toMatchObject({
      "endcap.tenant": acorn.tenant.id,
      "endcap.tier": acorn.tenant.tier,
      "http.route": "/v1/recommendations",
      "http.response.status_code": "200",
      "endcap.auth_ms": expect.any(Number),
      "endcap.queue_ms": expect.any(Number),
      "endcap.upstream_ms": expect.any(Number),
    });
    const ns = BigInt(span?.endTimeUnixNano ?? 0) - BigInt(span?.startTimeUnixNano ?? 0);
    expect(ns).toBeGreaterThan(0n);
    expect(receiver.spans.filter(({ name }) => name === "POST /v1/recommendations")).toHaveLength(1);
  });

  it("makes one of an opened session too", async () => {
    const headers = { origin: acorn.origin, "content-type": "text/plain;charset=UTF-8" };
    const body = JSON.stringify({ key: acorn.pk });
    expect((await send(`${edge.url}/v1/sessions`, { method: "POST", headers, body })).status).toBe(200);
    const values = valuesOf(await spanNamed("POST /v1/sessions"));
    expect(values).toMatchObject({ "endcap.tenant": acorn.tenant.id });
    expect(values["endcap.auth_ms"]).toBeGreaterThan(0);
  });

  it("makes one of a request whose client left while its upstream worked, as long as it took", async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const leaving = new AbortController();
    edge.recommender.answer = async (_seen, signal) => {
      arrive();
      await once(signal, "abort");
      return { status: 200, body: {} };
    };
    const url = `${edge.url}/v1/recommenders/for_you`;
    const init = signed(url, "POST", acorn.sk, { body: {} });
    const left = fetch(url, { ...init, signal: leaving.signal }).catch((error: Error) => error.name);
    await arrived;
    leaving.abort();
    expect(await left).toBe("AbortError");
    const span = await spanNamed("POST /v1/recommenders/:strategy");
    expect(valuesOf(span)).toMatchObject({ "http.response.status_code": "499", "endcap.tenant": acorn.tenant.id });
    expect(BigInt(span?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(span?.startTimeUnixNano ?? 0));
    expect(receiver.spans.filter(({ name }) => name === span?.name)).toHaveLength(1);
  });

  it("tells a refused request by its code, in a trace of its own", async () => {
    const url = `${edge.url}/v1/items`;
    const answer = await send(url, { method: "PUT", body: "{}", headers: { "content-type": "application/json" } });
    const span = await spanNamed("PUT /v1/items");
    expect(span?.parentSpanId).toBeUndefined();
    expect(span?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(valuesOf(span)).toMatchObject({ "endcap.code": answer.body.code });
  });
});

describe("request metrics", async () => {
  const oak = newShop({ tier: "enterprise" });
  const standard = [newShop(), newShop()];
  const edge = await startEdge([oak, ...standard]);

  it("give paying tenants series of their own and pool the Standard tier", async () => {
    const url = `${edge.url}/v1/recommendations`;
    for (const { sk } of [oak, ...standard]) await send(url, signed(url, "POST", sk, { body: { limit: 1 } }));
    await send(url, signed(url, "POST", oak.sk));
    const metrics = async () => (await fetch(`${edge.adminUrl}/metrics`)).text();
    const count = (text: string, ...labels: string[]) =>
      text
        .split("\n")
        .find((line) => ["endcap_tenant_request_seconds_count", ...labels].every((part) => line.includes(part)))
        ?.split(" ")
        .at(-1);
    const counted = async () => {
      const text = await metrics();
      return [
        count(text, 'tier="enterprise"', `tenant="${oak.tenant.id}"`, 'outcome="ok"'),
        count(text, 'tier="enterprise"', `tenant="${oak.tenant.id}"`, 'outcome="refused"'),
        count(text, 'tier="standard"', 'tenant="standard"'),
      ];
    };
    // Tenants' own series come with the next flush of their usage.
    await expect.poll(counted, { timeout: 5_000 }).toEqual(["1", "1", "2"]);
    const text = await metrics();
    for (const { tenant } of standard) expect(text).not.toContain(tenant.id);
    expect(text).toMatch(
      /endcap_request_seconds_count\{.*tier="standard",route="\/v1\/recommendations",outcome="ok".*\} 2/,
    );
  });

  it("stop at a thousand tenants", async () => {
    const registry = new Registry();
    const { add } = createRequestMetrics(registry);
    const counts = { env: "live", route: "POST /v1/events", events: 0, at: 0 } as const;
    // Two requests of 4 ms, one of 150 ms, one of 7 s.
    const latency = [0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1];
    const rows = Array.from({ length: 1_200 }, (_, n) => ({
      ...counts,
      tenant: `t${n}`,
      tier: "premium" as const,
      status: 202,
      requests: 4,
      ms: 7_158,
      latency,
    }));
    add(rows);
    add(rows.map((row) => ({ ...row, tier: undefined })));
    const text = await registry.metrics();
    const tenants = new Set([...text.matchAll(/tenant="([^"]+)"/g)].map(([, tenant]) => tenant));
    expect(tenants.size).toBe(1_001);
    expect(text).toMatch(/endcap_tenant_request_seconds_count\{tier="premium",tenant="other",outcome="ok"\} 800/);
    const buckets = [...text.matchAll(/_bucket\{le="([^"]+)",tier="premium",tenant="t7",outcome="ok"\} (\d+)/g)];
    expect(buckets.map(([, le, count]) => `${le}: ${count}`)).toEqual([
      "0.005: 2",
      "0.02: 2",
      "0.1: 2",
      "0.2: 3",
      "1: 3",
      "5: 3",
      "+Inf: 4",
    ]);
    expect(text).toMatch(/endcap_tenant_request_seconds_sum\{tier="premium",tenant="t7",outcome="ok"\} 7\.158/);
  });
});

describe("a gateway without an exporter", async () => {
  const acorn = newShop();
  const edge = await startEdge([acorn]);

  it("hands the caller's context on as it is, and begins none", async () => {
    const url = `${edge.url}/v1/recommendations`;
    const traceparent = `00-${traceId}-${parent}-01`;
    await send(url, signed(url, "POST", acorn.sk, { body: { limit: 1 }, headers: { traceparent } }));
    expect(edge.ml.seen.at(-1)?.headers.traceparent).toBe(traceparent);
    await send(url, signed(url, "POST", acorn.sk, { body: { limit: 1 } }));
    expect(edge.ml.seen.at(-1)?.headers.traceparent).toBeUndefined();
  });
});
