/** Whoever names a language gets what it takes to write the items' prices in it, whoever made the list. */
import { type FallbackList, moneyFormat } from "@endcap/protocol";
import { expect, test } from "vitest";
import { newHouse } from "./support/house.ts";
import { startMl } from "./support/ml.ts";
import { startRecommender } from "./support/recommender.ts";
import { lamp, popular, tenantA } from "./support/samples.ts";

const priced: FallbackList = popular([lamp("i1"), { ...lamp("i2"), currency: "JPY" }, lamp("i3")]);

async function startWith(list: FallbackList) {
  const house = newHouse();
  await house.publish(tenantA, list);
  return await startMl({ house });
}

test("a fallback list in two currencies has both", async () => {
  const ml = await startWith(priced);
  const { list } = await ml.ask({ placement: "home", locale: "de-CH" });
  const { currency } = lamp("i1");
  expect(list?.money).toEqual({ [currency]: moneyFormat("de-CH", currency), JPY: moneyFormat("de-CH", "JPY") });
  expect(list?.items.map(({ id }) => id)).toEqual(["i1", "i2", "i3"]);
});

test("a recommender's list has it too, and the recommender hears nothing of languages", async () => {
  const house = newHouse();
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house, recommenderUrl: recommender.url });
  const { list } = await ml.ask({ placement: "home", locale: "fr" });
  expect(list?.fallback).toBeUndefined();
  const currencies = new Set(list?.items.flatMap(({ item }) => item?.currency ?? []));
  expect(Object.keys(list?.money ?? {})).toEqual([...currencies]);
  expect(recommender.seen[0]?.rank.request).not.toHaveProperty("locale");
});

test("without a language, and for what is none, there is nothing", async () => {
  const ml = await startWith(priced);
  expect((await ml.ask({ placement: "home" })).list).not.toHaveProperty("money");
  expect((await ml.ask({ placement: "home", locale: "no language!" })).list?.money).toEqual({});
  expect((await ml.ask({ placement: "home", locale: "x".repeat(36) })).status).toBe(400);
});
