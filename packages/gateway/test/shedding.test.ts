import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Gcra } from "../src/limits/gcra.ts";
import { createLoadShedder, type LoadShedder } from "../src/limits/load-shedder.ts";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const late = { delayMs: 150, utilization: 1 };
const calm = { delayMs: 5, utilization: 0.3 };
const between = { delayMs: 70, utilization: 1 };

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
      shedder.judge(late);
      shedder.judge(late);
    }
  });

  it("takes a step back only after a second of calm, and none while it is neither", () => {
    const shedder = createLoadShedder(100, new Registry());
    for (const sample of [late, late, late, late, late, between, late, calm, calm, calm, between, calm, calm, calm])
      shedder.judge(sample);
    expect(shedder.level).toBe(2);
    shedder.judge(calm);
    expect(shedder.level).toBe(1);
    for (let n = 0; n < 4; n++) shedder.judge(calm);
    expect(shedder.level).toBe(0);
  });

  it("does not shed for a machine that others keep busy", () => {
    const shedder = createLoadShedder(100, new Registry());
    for (let n = 0; n < 10; n++) shedder.judge({ delayMs: 400, utilization: 0.5 });
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
