import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Gcra } from "../src/limits/gcra.ts";
import { createLoadShedder, type LoadShedder } from "../src/limits/load-shedder.ts";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const late = { delayMs: 150, utilization: 1, waitMs: undefined };
const calm = { delayMs: 5, utilization: 0.3, waitMs: 20 };
const between = { delayMs: 70, utilization: 1, waitMs: undefined };
/** Four times as late as may be: a whole step. */
const veryLate = { delayMs: 5, utilization: 0.3, waitMs: 400 };

function served(shedder: LoadShedder): string[] {
  const kinds = [false, true].flatMap((isEvents) =>
    (["standard", "premium", "enterprise"] as const).map((tier) => ({ tier, isEvents })),
  );
  const passes = ({ tier, isEvents }: (typeof kinds)[number]) => {
    try {
      const refusal = shedder.admit(tier, isEvents);
      if (refusal !== undefined) throw refusal;
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "overloaded", status: 503 });
      return false;
    }
  };
  return kinds.filter(passes).map(({ tier, isEvents }) => `${tier} ${isEvents ? "events" : "lists"}`);
}

describe("shedding", () => {
  it("gives up lists before events, and Standard before Premium before Enterprise", () => {
    const shedder = createLoadShedder(100, new Registry());
    const order = [
      "standard lists",
      "premium lists",
      "enterprise lists",
      "standard events",
      "premium events",
      "enterprise events",
    ];
    for (let level = 0; level <= order.length; level++) {
      expect(served(shedder)).toEqual(order.slice(level));
      if (level === 0) shedder.judge(veryLate);
      shedder.judge(veryLate);
    }
  });

  it("takes a step by parts, of whoever it is the turn of", () => {
    const shedder = createLoadShedder(100, new Registry());
    shedder.judge(late);
    expect(shedder.level).toBe(0);
    shedder.judge(late);
    shedder.judge(late);
    expect(shedder.level).toBe(0.75);
    const refused = Array.from({ length: 100 }, () => shedder.admit("standard", false)).filter(Boolean).length;
    expect(refused).toBe(75);
    expect(shedder.admit("premium", false)).toBeUndefined();
    shedder.judge(veryLate);
    expect(Array.from({ length: 100 }, () => shedder.admit("standard", false)).filter(Boolean)).toHaveLength(100);
    expect(Array.from({ length: 100 }, () => shedder.admit("premium", false)).filter(Boolean)).toHaveLength(75);
    expect(shedder.admit("standard", true)).toBeUndefined();
  });

  it("takes steps back slowly while it is calm, and none while it is neither late nor calm", () => {
    const shedder = createLoadShedder(100, new Registry());
    for (const sample of [late, late, between, late, between]) shedder.judge(sample);
    expect(shedder.level).toBe(0.375);
    for (let n = 0; n < 4; n++) shedder.judge(calm);
    expect(shedder.level).toBeCloseTo(0.175);
    for (let n = 0; n < 4; n++) shedder.judge(calm);
    expect(shedder.level).toBe(0);
  });

  it("does not shed for a machine that others keep busy while everybody is answered in time", () => {
    const shedder = createLoadShedder(100, new Registry());
    for (let n = 0; n < 10; n++) shedder.judge({ delayMs: 400, utilization: 0.5, waitMs: 30 });
    expect(shedder.level).toBe(0);
  });
});

describe("a shared limit", () => {
  it("is each gateway's part, together never more than the whole and never less than one request each", () => {
    for (const gateways of [1, 2, 3, 7]) {
      const start = 1_700_000_000_000;
      let allowed = 0;
      for (let one = 0; one < gateways; one++) {
        const bucket = new Gcra();
        for (let ms = 0; ms < 2_000; ms++) {
          if (bucket.take({ requestsPerSecond: 100, burst: 50 }, start + ms, gateways).allowed) allowed += 1;
        }
      }
      expect(allowed).toBeLessThanOrEqual(50 + 2 * 100 + gateways);
      expect(allowed).toBeGreaterThanOrEqual(50 + 2 * 100 - 2 * gateways);
      expect(new Gcra().take({ requestsPerSecond: 1, burst: 1 }, start, gateways).allowed).toBe(true);
    }
  });
});

describe("at the edge", async () => {
  const oak = newShop({ limits: { requestsPerSecond: 1, burst: 4, bodyBytesMax: 2_048 } });
  const elm = newShop({ limits: { bodyBytesMax: 2_048 } });
  const edge = await startEdge([oak, elm], { ENDCAP_GATEWAY_GATEWAYS: "2", ENDCAP_GATEWAY_USAGE_FLUSH_MS: "20" });
  const events = `${edge.url}/v1/events`;
  edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });

  it("a gateway holds its part of a limit, by the number that control last told", async () => {
    edge.control.usage.gateways = 4;
    const policy = async () =>
      (await send(events, signed(events, "POST", oak.sk, { body: {} }))).headers.get("ratelimit-policy");
    await expect.poll(policy, { timeout: 15_000 }).toBe('"requests";q=1;w=4');
    edge.control.usage.mode = "down";
    expect(await policy()).toBe('"requests";q=1;w=4');
  });

  it("a tenant's own bound on bodies holds for every route", async () => {
    const bytes = (size: number) => new Uint8Array(size).fill(32);
    expect((await send(events, signed(events, "POST", elm.sk, { bytes: bytes(2_048) }))).status).toBe(202);
    const refused = await send(events, signed(events, "POST", elm.sk, { bytes: bytes(2_049) }));
    expect([refused.status, refused.body.code]).toEqual([413, "body_too_large"]);
    const items = `${edge.url}/v1/items`;
    expect((await send(items, signed(items, "PUT", elm.sk, { bytes: bytes(2_049) }))).status).toBe(413);
  });
});
