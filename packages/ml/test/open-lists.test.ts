import { describe, expect, test, vi } from "vitest";
import { newHouse } from "./support/house.ts";
import { startMl } from "./support/ml.ts";
import { type RecommenderOptions, startRecommender } from "./support/recommender.ts";
import { anonymousId, browser, lamp, popular, tenantA } from "./support/samples.ts";

async function start(
  options: RecommenderOptions = {},
  config: NonNullable<Parameters<typeof startMl>[0]>["config"] = {},
) {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("popular")]));
  const recommender = await startRecommender(house, tenantA, options);
  const ml = await startMl({ house, recommenderUrl: recommender.url, config });
  return { house, recommender, ml };
}

const one = { placement: "home", limit: 4 };

describe("lists are parts of a request that stays open to their recommender", () => {
  test("once it has answered one by itself, and they say the same", async () => {
    const { recommender, ml } = await start();
    const principal = browser({ anonymousId: anonymousId(), userId: 'Łódź "日本" 🛒' });
    const answers = [];
    for (let n = 0; n < 4; n++) answers.push(await ml.ask(one, { principal, requestId: `req_${n}` }));
    expect(answers.map(({ list }) => list?.items)).toEqual(new Array(4).fill(answers[0]?.list?.items));
    expect(answers[0]?.list?.fallback).toBeUndefined();
    expect(recommender.seen.map(({ by }) => by)).toEqual(["request", "part", "part", "part"]);
    for (const { rank, principal: told } of recommender.seen) {
      expect([rank, told]).toEqual([recommender.seen[0]?.rank, principal]);
    }
    expect(recommender.opened()).toBe(1);
  });

  test("each caller's token has one of its own", async () => {
    const { house, recommender, ml } = await start();
    const token = async () => await (await house.issuer(["ml", "recommender"])).token();
    const tokens = [await token(), await token()];
    await ml.ask(one);
    for (let n = 0; n < 6; n++) await ml.ask(one, { token: tokens[n % 2] ?? null, requestId: `req_${n}` });
    expect(recommender.seen).toHaveLength(7);
    expect(recommender.opened()).toBe(new Set(tokens).size);
  });

  test("two of one id are two", async () => {
    const { recommender, ml } = await start();
    await ml.ask(one);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ml.ask(one, { requestId: "req_same" })));
    for (const { list } of answers) expect(list?.fallback).toBeUndefined();
    expect(recommender.seen).toHaveLength(9);
  });

  test("a caller's own fault comes back as such", async () => {
    const { recommender, ml } = await start();
    await ml.ask(one);
    recommender.behave({ kind: "fault", code: "filter_unknown_field", detail: "There is no field colour" });
    expect(await ml.ask(one)).toMatchObject({ status: 400, json: { code: "filter_unknown_field" } });
    expect(recommender.opened()).toBe(1);
  });

  test("one that is late is given up, and the recommender hears of it", async () => {
    const { recommender, ml } = await start();
    await ml.ask(one);
    recommender.behave({ kind: "hung" });
    const answer = await ml.ask(one, { deadlineMs: 100 });
    expect(answer.list?.fallback).toBe("popular");
    expect(answer.ms).toBeLessThan(1_000);
    await recommender.abandoned;
    expect(await ml.metric('endcap_recommender_failures_total{reason="late"')).toBe(1);
    recommender.behave({ kind: "good" });
    expect((await ml.ask(one)).list?.fallback).toBeUndefined();
  });

  test("one whose caller leaves is given up, and counts against nobody", async () => {
    const { recommender, ml } = await start({}, { breakerFailures: 1 });
    await ml.ask(one);
    recommender.behave({ kind: "hung" });
    const leaving = new AbortController();
    const asked = ml.ask(one, { signal: leaving.signal });
    await vi.waitUntil(() => recommender.seen.length === 2, { interval: 2 });
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await recommender.abandoned;
    await vi.waitFor(async () => expect(await ml.status()).toMatchObject({ recommendersLeftAlone: 0 }));
  });

  test("what is lost with its recommender is asked of the next one at that address", async () => {
    const { house, recommender, ml } = await start();
    await ml.ask(one);
    await ml.ask(one);
    const { port } = new URL(recommender.url);
    await recommender.close();
    const next = await startRecommender(house, tenantA, { port: Number(port) });
    for (let n = 0; n < 3; n++) expect((await ml.ask(one)).list?.fallback).toBeUndefined();
    expect(next.seen).toHaveLength(3);
  });

  // Unheard, it would wait until the ten seconds are over for which a request stays open.
  test("a recommender that closes hears of what is given up meanwhile", { timeout: 7_000 }, async () => {
    const { recommender, ml } = await start({ drainMsMax: 60_000 });
    await ml.ask(one);
    recommender.behave({ kind: "hung" });
    const hung = ml.ask(one, { deadlineMs: 800, requestId: "req_hung" });
    await vi.waitUntil(() => recommender.seen.length === 2, { interval: 2 });
    const closed = recommender.close();
    // Others come meanwhile, and find it gone.
    await vi.waitFor(async () => expect((await ml.ask(one, { deadlineMs: 100 })).list?.fallback).toBe("popular"));
    expect((await hung).list?.fallback).toBe("popular");
    await closed;
  });

  test("and of nobody where there is none: the fallback answers", async () => {
    const { recommender, ml } = await start();
    await ml.ask(one);
    await ml.ask(one);
    await recommender.close();
    expect((await ml.ask(one)).list?.fallback).toBe("popular");
    expect(await ml.metric('endcap_recommender_failures_total{reason="unreachable"')).toBe(1);
  });

  test("a recommender that knows no open requests is asked one by one", async () => {
    const { recommender, ml } = await start({ parts: false });
    for (let n = 0; n < 4; n++) expect((await ml.ask(one)).list?.fallback).toBeUndefined();
    expect(recommender.seen.map(({ by }) => by)).toEqual(new Array(4).fill("request"));
  });
});
