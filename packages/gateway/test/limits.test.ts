import { LIMITS } from "@endcap/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNonceStore } from "../src/auth/nonce-store.ts";
import { Gcra } from "../src/limits/gcra.ts";
import { bootstrap, send, signed, startEdge } from "./support/edge.ts";
import { holdAnswer } from "./support/hold-answer.ts";
import { newShop } from "./support/tenants.ts";

const small = newShop({ limits: { requestsPerSecond: 1, burst: 3 } });
const narrow = newShop({ limits: { inFlightMax: 1 } });
const big = newShop({ limits: { requestsPerSecond: 1_000, burst: 1_000 } });
const edge = await startEdge([small, narrow, big], {
  ENDCAP_GATEWAY_BODIES_BYTES_MAX: String(16 * 1024 * 1024),
  ENDCAP_GATEWAY_ADDRESS_BURST: "5",
  ENDCAP_GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "1",
});
const events = `${edge.url}/v1/events`;
const batch = { events: [] };
edge.collector.answer = () => ({ status: 202, body: { accepted: 0 } });

describe("429", () => {
  it("past the tenant's burst, with when to come back and what is left", async () => {
    const replies = [];
    for (let n = 0; n < 4; n++) replies.push(await send(events, signed(events, "POST", small.sk, { body: batch })));
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
    expect(replies.map(({ headers }) => headers.get("ratelimit"))).toEqual([
      '"requests";r=2;t=1',
      '"requests";r=1;t=2',
      '"requests";r=0;t=3',
      '"requests";r=0;t=1',
    ]);
    const last = replies.at(-1);
    expect(last?.headers.get("ratelimit-policy")).toBe('"requests";q=3;w=3');
    expect(last?.headers.get("retry-after")).toBe("1");
    expect(last?.body.code).toBe("rate_limited");
    edge.clock.offsetMs += 1_100;
    expect((await send(events, signed(events, "POST", small.sk, { body: batch }))).status).toBe(202);
  });

  it("past the tenant's requests in flight, and not a moment longer", async () => {
    const { arrived, release } = holdAnswer(edge.collector, { status: 202, body: { accepted: 0 } });
    const first = send(events, signed(events, "POST", narrow.sk, { body: batch }));
    await arrived;
    const second = await send(events, signed(events, "POST", narrow.sk, { body: batch }));
    expect([second.status, second.body.code]).toEqual([429, "concurrency_limited"]);
    release();
    expect((await first).status).toBe(202);
    expect((await send(events, signed(events, "POST", narrow.sk, { body: batch }))).status).toBe(202);
  });

  it("for one address without a session, while the tenant's servers go on", async () => {
    const replies = [];
    for (let n = 0; n < 7; n++) replies.push(await send(events, bootstrap(big, batch)));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body.code).toBe("rate_limited");
    expect(refused[0]?.headers.get("access-control-allow-origin")).toBe(big.origin);
    expect((await send(events, signed(events, "POST", big.sk, { body: batch }))).status).toBe(202);
  });
});

describe("413", () => {
  it.each([
    ["POST", "/v1/events", "application/json", LIMITS.eventsBodyBytesMax],
    ["POST", "/v1/recommendations", "application/json", LIMITS.recommendationBodyBytesMax],
    ["POST", "/v1/recommenders/for_you", "application/json", LIMITS.recommendationBodyBytesMax],
    ["PUT", "/v1/items", "application/json", LIMITS.itemsBodyBytesMax],
    ["PUT", "/v1/imports/i/parts/1", "application/gzip", LIMITS.importPartBytesMax],
  ])("%s %s: one byte more than it takes", async (method, path, contentType, bytesMax) => {
    const url = edge.url + path;
    const bytes = new Uint8Array(bytesMax + 1).fill(32);
    const reply = await send(url, signed(url, method, big.sk, { bytes, contentType }));
    expect([reply.status, reply.body.code]).toEqual([413, "body_too_large"]);
    const exact = bytes.slice(1);
    expect((await send(url, signed(url, method, big.sk, { bytes: exact, contentType }))).status).toBeLessThan(300);
  });

  it("counts the envelope's line with the body", async () => {
    const init = { ...bootstrap(big, {}), body: `${" ".repeat(LIMITS.eventsBodyBytesMax)}\n` };
    expect((await send(events, init)).status).toBe(413);
  });
});

describe("503", () => {
  it("when bodies in hand would take more than their room, and room again when they are gone", async () => {
    const url = `${edge.url}/v1/imports/i/parts/1`;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    edge.collector.answer = async () => {
      await gate;
      return { status: 200, body: {} };
    };
    const before = edge.collector.seen.length;
    const put = () => {
      const bytes = new Uint8Array(7 * 1024 * 1024);
      return send(url, signed(url, "PUT", big.sk, { bytes, contentType: "application/gzip" }));
    };
    const held = [put(), put()];
    await expect.poll(() => edge.collector.seen.length, { timeout: 15_000 }).toBe(before + 2);
    const third = await put();
    expect([third.status, third.body.code]).toEqual([503, "overloaded"]);
    open();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await put()).status).toBe(200);
  });
});

describe("the rate", () => {
  it("never lets more through than its burst and its rate allow, whenever the requests come", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 });
    const limits = fc.record({
      requestsPerSecond: fc.integer({ min: 1, max: 1_000 }),
      burst: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(limits, steps, (limit, gaps) => {
        const bucket = new Gcra();
        let now = 1_700_000_000_000;
        const start = now;
        let allowed = 0;
        for (const gap of gaps) {
          now += gap;
          if (bucket.take(limit, now).allowed) allowed += 1;
        }
        const most = limit.burst + ((now - start) / 1000) * limit.requestsPerSecond;
        expect(allowed).toBeLessThanOrEqual(Math.floor(most + 0.001));
        expect(allowed).toBeGreaterThanOrEqual(Math.min(gaps.length, limit.burst));
      }),
    );
  });

  it("tells what is left without taking any of it", () => {
    const bucket = new Gcra();
    const limit = { requestsPerSecond: 10, burst: 20 };
    expect([bucket.left(limit, 0), bucket.left(limit, 0, 4)]).toEqual([20, 5]);
    for (let n = 0; n < 15; n += 1) {
      const { remaining } = bucket.take(limit, 1_000);
      expect(bucket.left(limit, 1_000)).toBe(remaining);
    }
    expect([bucket.left(limit, 1_000), bucket.left(limit, 1_500), bucket.left(limit, 9_000)]).toEqual([5, 10, 20]);
    // A clock that was set back.
    expect(bucket.left(limit, -9_000)).toBe(20);
  });

  it("recovers at once from a clock that was set back", () => {
    const bucket = new Gcra();
    const limit = { requestsPerSecond: 1, burst: 1 };
    expect(bucket.take(limit, 1_000_000).allowed).toBe(true);
    expect(bucket.take(limit, 400_000).allowed).toBe(true);
    expect(bucket.take(limit, 400_000).allowed).toBe(false);
  });
});

describe("the nonce store", () => {
  const start = 1_700_000_000_000;
  it("knows a nonce for as long as its signature would be honoured", () => {
    const store = createNonceStore({ perKeyMax: 1_000 });
    const honouredMs = fc.integer({ min: -LIMITS.signatureSkewMs, max: LIMITS.signatureSkewMs });
    fc.assert(
      fc.property(fc.uuid(), honouredMs, fc.nat({ max: LIMITS.signatureSkewMs }), (nonce, skew, later) => {
        const created = start + skew;
        expect(store.use("k", nonce, created, start)).toBe(true);
        const again = Math.min(start + later, created + LIMITS.signatureSkewMs);
        expect(store.use("k", nonce, created, again)).toBe(false);
      }),
    );
  });

  it("keeps keys apart, and its bound", () => {
    let forgotten = 0;
    const onForgotten = (count: number) => {
      forgotten += count;
    };
    const store = createNonceStore({ perKeyMax: 100, onForgotten });
    for (let n = 0; n < 250; n++) expect(store.use("a", `n${n}`, start + n * 1_000, start + n * 1_000)).toBe(true);
    expect(store.use("b", "n249", start, start)).toBe(true);
    expect(store.use("a", "n249", start + 249_000, start + 249_000)).toBe(false);
    expect(forgotten).toBeGreaterThanOrEqual(100);
  });
});
