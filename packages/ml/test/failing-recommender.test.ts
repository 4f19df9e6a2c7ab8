import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { newHouse } from "./support/house.ts";
import { startMl } from "./support/ml.ts";
import { type Behaviour, startHangUp, startRecommender } from "./support/recommender.ts";
import { lamp, popular, tenantA } from "./support/samples.ts";

async function start(config: NonNullable<Parameters<typeof startMl>[0]>["config"] = {}) {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("popular")]));
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house, recommenderUrl: recommender.url, config });
  return { recommender, ml };
}

const fallback = { status: 200, list: { fallback: "popular", items: [{ id: "popular" }] } };

describe("any failure of the recommender becomes the fallback list", () => {
  const behaviours: [string, Behaviour][] = [
    ["an error of its own", { kind: "fault", code: "internal" }],
    ["a refusal of our request", { kind: "fault", code: "invalid_request" }],
    ["a refusal of our token", { kind: "fault", code: "tenant_forbidden" }],
    ["not being ready", { kind: "fault", code: "not_ready" }],
    ["no JSON", { kind: "raw", status: 200, body: "<html>" }],
    ["no bytes", { kind: "raw", status: 200, body: "" }],
    ["another shape", { kind: "raw", status: 200, body: '{"items":"many"}' }],
    ["a truncated list", { kind: "raw", status: 200, body: '{"recommendationId":"' }],
    ["a list with a foreign code", { kind: "raw", status: 400, body: '{"code":"filter_invalid"}' }],
    [
      "a caller's fault under another status",
      { kind: "raw", status: 500, body: '{"type":"t","title":"t","status":500,"code":"filter_invalid"}' },
    ],
    ["an endless answer", { kind: "raw", status: 200, body: `"${"x".repeat(9 * 1024 * 1024)}"` }],
  ];
  test.each(behaviours)("%s", async (_name, behaviour) => {
    const { recommender, ml } = await start();
    recommender.behave(behaviour);
    expect(await ml.ask({ placement: "home" })).toMatchObject(fallback);
  });

  test.each(behaviours)("%s, on a request that is open", async (_name, behaviour) => {
    const { recommender, ml } = await start();
    await ml.ask({ placement: "home" });
    recommender.behave(behaviour);
    expect(await ml.ask({ placement: "home" })).toMatchObject(fallback);
    expect(recommender.opened()).toBe(1);
    recommender.behave({ kind: "good" });
    expect((await ml.ask({ placement: "home" })).list?.fallback).toBeUndefined();
  });

  test("nobody listening", async () => {
    const { recommender, ml } = await start();
    await recommender.close();
    expect(await ml.ask({ placement: "home" })).toMatchObject(fallback);
    expect(await ml.metric('endcap_recommender_failures_total{reason="unreachable"')).toBe(1);
  });

  test("hanging up", async () => {
    const house = newHouse();
    await house.publish(tenantA, popular([lamp("popular")]));
    const ml = await startMl({ house, recommenderUrl: await startHangUp() });
    expect(await ml.ask({ placement: "home" })).toMatchObject(fallback);
  });
});

test("a hung recommender costs no more than the deadline, and hears that it was given up", async () => {
  const { recommender, ml } = await start();
  await ml.ask({ placement: "home" });
  recommender.behave({ kind: "hung" });
  const answer = await ml.ask({ placement: "home" }, { deadlineMs: 100 });
  expect(answer).toMatchObject(fallback);
  expect(answer.ms).toBeGreaterThan(60);
  expect(answer.ms).toBeLessThan(1_000);
  await recommender.abandoned;
  expect(await ml.metric('endcap_recommender_failures_total{reason="late"')).toBe(1);
});

test("a deadline that is over already asks nobody", async () => {
  const { recommender, ml } = await start();
  await ml.ask({ placement: "home" });
  expect(await ml.ask({ placement: "home" }, { deadlineMs: 10 })).toMatchObject(fallback);
  expect(recommender.seen).toHaveLength(1);
});

test("a recommender that fails again and again is left alone, then heals by itself", async () => {
  const { recommender, ml } = await start({ breakerFailures: 3, breakerOpenMs: 300 });
  recommender.behave({ kind: "hung" });
  for (let call = 0; call < 3; call++) await ml.ask({ placement: "home" }, { deadlineMs: 100 });
  expect(recommender.seen).toHaveLength(3);

  const quick = await Promise.all(Array.from({ length: 20 }, () => ml.ask({ placement: "home" })));
  for (const answer of quick) expect(answer).toMatchObject(fallback);
  expect(recommender.seen).toHaveLength(3);
  expect(await ml.status()).toMatchObject({ recommendersLeftAlone: 1 });
  expect(await ml.metric('endcap_recommender_failures_total{reason="left_alone"')).toBe(20);

  recommender.behave({ kind: "good" });
  await vi.waitFor(async () => expect((await ml.ask({ placement: "home" })).list?.fallback).toBeUndefined(), {
    interval: 20,
  });
  expect(await ml.status()).toMatchObject({ recommendersLeftAlone: 0 });
});

test("a caller's own fault does not count against the recommender", async () => {
  const { recommender, ml } = await start({ breakerFailures: 2 });
  recommender.behave({ kind: "fault", code: "items_required" });
  for (let call = 0; call < 5; call++) expect(await ml.ask({ placement: "home" })).toMatchObject({ status: 400 });
  expect(recommender.seen).toHaveLength(5);
});

test("when the client goes away the call is given up, and nothing is told or counted against anybody", async () => {
  const { recommender, ml } = await start({ breakerFailures: 1 });
  recommender.behave({ kind: "hung" });
  const leaving = new AbortController();
  const asked = ml.ask({ placement: "home" }, { signal: leaving.signal });
  await vi.waitUntil(() => recommender.seen.length === 1, { interval: 2 });
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await recommender.abandoned;
  await vi.waitFor(async () =>
    expect(await ml.status()).toMatchObject({ recommendersLeftAlone: 0, reportsPending: 0 }),
  );
  recommender.behave({ kind: "good" });
  await sleep(5);
  expect((await ml.ask({ placement: "home" })).list?.fallback).toBeUndefined();
});
