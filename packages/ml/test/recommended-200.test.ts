import { expect, test } from "vitest";
import { newHouse } from "./support/house.ts";
import { startMl, upstreamsOf } from "./support/ml.ts";
import { startRecommender } from "./support/recommender.ts";
import { anonymousId, browser, server, shop, tenantA, view } from "./support/samples.ts";

async function start() {
  const house = newHouse();
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house, recommenderUrl: recommender.url });
  return { recommender, ml };
}

test("a placement's list comes from the tenant's recommender, as it made it", async () => {
  const { recommender, ml } = await start();
  const principal = browser({ anonymousId: anonymousId() });
  const { status, list } = await ml.ask({ placement: "home", limit: 4 }, { principal });
  expect(status).toBe(200);
  expect(list).toMatchObject({
    items: [{ id: "ranked", item: { id: "ranked" } }],
    placement: "home",
    strategy: "for_you",
  });
  expect(list?.fallback).toBeUndefined();
  expect(recommender.seen).toHaveLength(1);
  expect(recommender.seen[0]).toMatchObject({
    principal,
    rank: { strategy: "for_you", placement: { id: "home" }, request: { placement: "home", limit: 4 } },
  });
});

test("the recommender hears how much time is left, less than the caller gave", async () => {
  const { recommender, ml } = await start();
  await ml.ask({ placement: "home" });
  await ml.ask({ placement: "home" }, { deadlineMs: 900 });
  const deadlines = recommender.seen.map(({ deadlineMs }) => deadlineMs);
  expect(deadlines[0]).toBeGreaterThan(4_000);
  expect(deadlines[0]).toBeLessThanOrEqual(5_000 - 15);
  expect(deadlines[1]).toBeLessThanOrEqual(900 - 15);
});

test("a strategy needs no placement, and a placement fixes its own", async () => {
  const { recommender, ml } = await start();
  expect((await ml.ask({ strategy: "trending" })).list).toMatchObject({ strategy: "trending" });
  expect((await ml.ask({ placement: "product", strategy: "trending", items: ["a"] })).list).toMatchObject({
    strategy: "related_items",
  });
  expect(recommender.seen.map(({ rank }) => rank.strategy)).toEqual(["trending", "related_items"]);
});

test("a browser speaks for the shopper the gateway proved, a server for the one it names", async () => {
  const { recommender, ml } = await start();
  const claimed = { userId: "somebody else" };
  const proven = { anonymousId: anonymousId(), userId: "u-1" };
  await ml.ask({ strategy: "for_you", shopper: claimed }, { principal: browser(proven) });
  await ml.ask({ strategy: "for_you", shopper: claimed }, { principal: server() });
  await ml.ask({ strategy: "trending" }, { principal: server() });
  expect(recommender.seen.map(({ rank }) => rank.request.shopper)).toEqual([proven, claimed, {}]);
});

test("of the page's fresh events the well-formed ones travel on, and odd ones cost no list", async () => {
  const { recommender, ml } = await start();
  const recent = [view("a"), { type: "nonsense" }, { ...view("b"), colour: "green" }, 7, null];
  expect(await ml.ask({ strategy: "for_you", context: { recent } })).toMatchObject({ status: 200 });
  expect(recommender.seen[0]?.rank.request.context?.recent).toMatchObject([
    { items: [{ id: "a" }] },
    { items: [{ id: "b" }], context: { colour: "green" } },
  ]);
});

test("both environments share placements and recommender", async () => {
  const { recommender, ml } = await start();
  const principal = browser({ anonymousId: anonymousId() }, { env: "test" });
  expect((await ml.ask({ placement: "home" }, { principal })).list?.fallback).toBeUndefined();
  expect(recommender.seen[0]?.principal.env).toBe("test");
});

test("a new snapshot moves a tenant to another recommender and changes its placements", async () => {
  const { recommender, ml } = await start();
  const second = await startRecommender(ml.house, tenantA);
  await ml.ask({ placement: "home" });
  const placements = [{ id: "home", strategy: "trending", repeats: "allow" as const }];
  await ml.publish([shop(tenantA, { placements })], upstreamsOf(second.url));
  expect((await ml.ask({ placement: "home" })).list).toMatchObject({ strategy: "trending" });
  expect([recommender.seen.length, second.seen.length]).toEqual([1, 1]);
});

test("who asks by a request of its own, as control does, gets the same list and the same refusals", async () => {
  const { recommender, ml } = await start();
  const principal = server();
  const one = { placement: "home", shopper: { userId: "u-1" }, limit: 4 };
  const [alone, part] = [await ml.askAlone(one, { principal, deadlineMs: 4_000 }), await ml.ask(one, { principal })];
  expect(alone.list?.items).toEqual(part.list?.items);
  expect(recommender.seen[0]?.rank).toEqual(recommender.seen[1]?.rank);
  expect(recommender.seen[0]?.deadlineMs).toBeLessThanOrEqual(4_000 - 15);
  for (const wrong of [{}, { placement: "home", limit: 0 }, { placement: "basement" }]) {
    const refusals = [await ml.askAlone(wrong, { principal }), await ml.ask(wrong, { principal })];
    expect(refusals[0]?.status).toBeGreaterThanOrEqual(400);
    const told = refusals.map(({ status, json }) => [status, { ...(json as object), serverTime: "", instance: "" }]);
    expect(told[0]).toEqual(told[1]);
  }
});
