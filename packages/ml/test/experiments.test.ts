import { type Experiment, isHeldOut, type Placement, variantOf } from "@endcap/protocol";
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
