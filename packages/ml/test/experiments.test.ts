import { CONTROL_KEY, type Experiment, isHeldOut, type Placement, variantOf } from "@endcap/protocol";
import { expect, test } from "vitest";
import { startCollector } from "./support/collector.ts";
import { newHouse } from "./support/house.ts";
import { startMl, upstreamsOf } from "./support/ml.ts";
import { startRecommender } from "./support/recommender.ts";
import { anonymousId, browser, lamp, popular, server, shop, tenantA } from "./support/samples.ts";

const experiment: Experiment = {
  id: "first",
  variants: [
    { name: "plain", share: 0.5 },
    { name: "trending", share: 0.5, strategy: "trending", repeats: "exclude", diversity: 1 },
  ],
};
const home: Placement = { id: "home", title: "For you", strategy: "for_you", repeats: "allow", experiment };
const tenant = shop(tenantA, { placements: [home] });

/** A shopper of the wanted arm. */
function shopperIn(arm: string): { anonymousId: string } {
  for (;;) {
    const shopper = { anonymousId: anonymousId() };
    if (variantOf(experiment, shopper)?.name === arm) return shopper;
  }
}

test("a shopper's arm reaches the recommender, with the placement as that arm has it", async () => {
  const house = newHouse();
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house });
  await ml.publish([tenant], upstreamsOf(recommender.url));
  await ml.ask({ placement: "home" }, { principal: browser(shopperIn("trending")) });
  await ml.ask({ placement: "home" }, { principal: browser(shopperIn("plain")) });
  await ml.ask({ placement: "home", shopper: shopperIn("trending") }, { principal: server() });
  await ml.ask({ placement: "home" }, { principal: server() });
  const plain = { id: "home", title: "For you", strategy: "for_you", repeats: "allow" };
  const trending = { ...plain, strategy: "trending", repeats: "exclude", diversity: 1 };
  expect(
    recommender.seen.map(({ rank: { placement, strategy, variant } }) => ({ placement, strategy, variant })),
  ).toEqual([
    { placement: trending, strategy: "trending", variant: "trending" },
    { placement: plain, strategy: "for_you", variant: "plain" },
    { placement: trending, strategy: "trending", variant: "trending" },
    { placement: plain, strategy: "for_you", variant: undefined },
  ]);
});

test("the fallback answers and reports the arm as well", async () => {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("a")]));
  const collector = await startCollector(house);
  const ml = await startMl({ house });
  await ml.publish([tenant], upstreamsOf(undefined, collector.url));
  const shopper = shopperIn("trending");
  const { list } = await ml.ask({ placement: "home" }, { principal: browser(shopper) });
  expect(list).toMatchObject({ fallback: "popular", strategy: "trending", variant: "trending" });
  await collector.until(1);
  expect(collector.told[0]?.record).toMatchObject({ variant: "trending", strategy: "trending", shopper });
});

test("who is held out gets an empty list, which is logged; everyone else, and the test environment, a full one", async () => {
  const house = newHouse();
  const collector = await startCollector(house);
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house });
  const settings = { ...tenant.settings, holdoutShare: 0.5 };
  await ml.publish([{ ...tenant, settings }], upstreamsOf(recommender.url, collector.url));
  const shoppers = Array.from({ length: 24 }, () => ({ anonymousId: anonymousId() }));
  const held = shoppers.filter((shopper) => isHeldOut(tenantA, 0.5, shopper));
  for (const shopper of shoppers) {
    const { status, list } = await ml.ask({ placement: "home" }, { principal: browser(shopper) });
    expect(status).toBe(200);
    if (held.includes(shopper)) {
      expect(list).toMatchObject({ items: [], variant: "holdout", placement: "home", model: null });
      expect(list).not.toHaveProperty("fallback");
    } else expect(list?.items).not.toHaveLength(0);
  }
  expect(recommender.seen).toHaveLength(shoppers.length - held.length);
  await collector.until(held.length);
  expect(collector.told.map(({ record }) => record)).toEqual(
    held.map((shopper) => expect.objectContaining({ shopper, items: [], variant: "holdout", placement: "home" })),
  );
  for (const shopper of held) {
    const { list } = await ml.ask({ placement: "home" }, { principal: browser(shopper, { env: "test" }) });
    expect(list?.items).not.toHaveLength(0);
  }
});

test("who is held out keeps the shop's own order where a list of the shop's is ranked", async () => {
  const house = newHouse();
  const collector = await startCollector(house);
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house });
  const settings = { ...tenant.settings, holdoutShare: 0.5 };
  const search: Placement = { id: "search", strategy: "personalized_ranking", repeats: "allow", limit: 4 };
  await ml.publish([{ ...tenant, settings, placements: [search] }], upstreamsOf(recommender.url, collector.url));
  const shopperOf = (held: boolean) => {
    for (;;) {
      const shopper = { anonymousId: anonymousId() };
      if (isHeldOut(tenantA, 0.5, shopper) === held) return shopper;
    }
  };
  const held = shopperOf(true);
  const items = ["z", "b", "z", "a", "y", "x"];
  const ask = async (more: object = {}, shopper = held) => {
    const { list } = await ml.ask({ placement: "search", items, ...more }, { principal: browser(shopper) });
    return list;
  };
  expect(await ask()).toMatchObject({
    items: ["z", "b", "a", "y"].map((id) => ({ id })),
    variant: "holdout",
    strategy: "personalized_ranking",
    model: null,
  });
  expect((await ask({ offset: 3, limit: 9 }))?.items.map(({ id }) => id)).toEqual(["y", "x"]);
  expect((await ask({ placement: undefined, strategy: "personalized_ranking" }))?.items).toHaveLength(5);
  expect(recommender.seen).toHaveLength(0);
  await collector.until(3);
  expect(collector.told[0]?.record).toMatchObject({
    items: ["z", "b", "a", "y"],
    variant: "holdout",
    placement: "search",
    modelVersion: null,
    shopper: held,
  });
  await ask({}, shopperOf(false));
  expect(recommender.seen).toHaveLength(1);
});

test("only control may preview, and a preview is not logged as served", async () => {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("a")]));
  const collector = await startCollector(house);
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house });
  await ml.publish([tenant], upstreamsOf(recommender.url, collector.url));
  const preview = { at: "2027-12-24T18:00:00.000Z" };
  const control = server(["recommendations:read"], { key: CONTROL_KEY });
  expect((await ml.ask({ placement: "home", preview }, { principal: control })).status).toBe(200);
  expect(recommender.seen.map(({ rank }) => rank)).toEqual([expect.objectContaining({ preview })]);
  expect(recommender.seen[0]?.rank.request).not.toHaveProperty("preview");
  for (const principal of [server(), browser({ anonymousId: anonymousId() }, { key: CONTROL_KEY })]) {
    const refused = await ml.ask({ placement: "home", preview }, { principal });
    expect(refused).toMatchObject({
      status: 400,
      json: { code: "invalid_request", errors: [{ pointer: "/preview" }] },
    });
  }
  // The fallback's list, which ml would report itself: only the second one was for a shopper.
  await ml.publish([tenant], upstreamsOf(undefined, collector.url));
  const previewed = await ml.ask({ placement: "home", preview }, { principal: control });
  const served = await ml.ask({ placement: "home" }, { principal: server() });
  expect([previewed.list?.fallback, served.list?.fallback]).toEqual(["popular", "popular"]);
  await collector.until(1);
  expect(collector.told.map(({ record }) => record.recommendationId)).toEqual([served.list?.recommendationId]);
});
