import { expect, test, vi } from "vitest";
import { startCollector } from "./support/collector.ts";
import { newHouse } from "./support/house.ts";
import { startMl } from "./support/ml.ts";
import { startRecommender } from "./support/recommender.ts";
import { anonymousId, browser, lamp, popular, tenantA } from "./support/samples.ts";

async function start() {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("b"), lamp("a")]));
  const collector = await startCollector(house);
  const ml = await startMl({ house, collectorUrl: collector.url });
  return { house, collector, ml };
}

test("a fallback list that was answered is told to the tenant's collector, once", async () => {
  const { collector, ml } = await start();
  const shopper = { anonymousId: anonymousId(), userId: "u-1" };
  const principal = browser(shopper);
  const { list } = await ml.ask({ placement: "home" }, { principal });
  await collector.until(1);
  expect(collector.told).toEqual([
    {
      principal,
      record: {
        recommendationId: list?.recommendationId,
        at: list?.serverTime,
        shopper,
        items: ["b", "a"],
        strategy: "for_you",
        placement: "home",
        modelVersion: "m-1",
        answeredBy: "fallback",
      },
    },
  ]);
});

test("a recommender's list and an empty one are not", async () => {
  const { house, collector } = await start();
  const recommender = await startRecommender(house, tenantA);
  const served = await startMl({ house, recommenderUrl: recommender.url, collectorUrl: collector.url });
  await served.ask({ placement: "home" });
  await served.close();
  const empty = await startMl({ collectorUrl: collector.url });
  await empty.ask({ placement: "home" });
  await empty.close();
  expect(collector.told).toEqual([]);
});

test("while the collector is down lists are answered as ever, and told when it is back", async () => {
  const { house, collector, ml } = await start();
  await ml.ask({ placement: "home" });
  await collector.until(1);
  const port = Number(new URL(collector.url).port);
  await collector.close();
  const asked = await Promise.all(Array.from({ length: 20 }, () => ml.ask({ placement: "home" })));
  for (const answer of asked) expect(answer).toMatchObject({ status: 200, list: { fallback: "popular" } });
  await vi.waitUntil(async () => Number((await ml.status()).reportsPending) > 0, { interval: 5 });
  const back = await startCollector(house, port);
  await back.until(20);
  const told = new Set(back.told.map(({ record }) => record.recommendationId));
  expect(told).toEqual(new Set(asked.map(({ list }) => list?.recommendationId)));
});

test("what waits is bounded; the rest is dropped and counted", async () => {
  const { collector, ml } = await start();
  await collector.close();
  const ask = async () => {
    for (let call = 0; call < 60; call++) await ml.ask({ placement: "home" });
  };
  await Promise.all(Array.from({ length: 20 }, ask));
  const { reportsPending } = await ml.status();
  expect(reportsPending).toBeLessThanOrEqual(1_000);
  const dropped = await ml.metric('endcap_fallback_reports_total{outcome="dropped"');
  expect(dropped).toBeGreaterThan(150);
  await ml.close();
});
