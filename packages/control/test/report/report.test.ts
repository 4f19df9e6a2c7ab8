import { HOLDOUT } from "@endcap/protocol";
import { expect, test } from "vitest";
import { buildReport } from "../../src/report/report.ts";
import { happened, ServedShop } from "../support/served-shop.ts";

const HOUR = 3_600_000;
const to = Date.parse("2027-03-08T00:00:00Z");
const range = { from: to - 7 * 24 * HOUR, to };
const at = to - 3 * 24 * HOUR;
const report = (shop: ServedShop) => buildReport(shop.table, range, "EUR");

test("impressions, clicks, carts and revenue are counted by placement, model and variant", async () => {
  const shop = await ServedShop.open();
  const anna = { userId: "anna" };
  const seen = await shop.serve(anna, at, ["a", "b"], { variant: "new" });
  const clicked = await shop.serve(anna, at + 1, ["b", "c"], { variant: "new" });
  await shop.serve(anna, at + 2, ["d"], { placement: "cart", modelVersion: "m-2" }); // never in view
  await shop.record(
    anna,
    happened("recommendation_impression", at + 10, { recommendationId: seen, items: [{ id: "a" }] }),
    happened("recommendation_click", at + 20, { recommendationId: clicked, items: [{ id: "c" }] }),
    happened("add_to_cart", at + 30, { items: [{ id: "c" }] }),
    happened("purchase", at + 40, {
      transactionId: "t-1",
      currency: "EUR",
      items: [
        { id: "c", price: 4, quantity: 3 },
        { id: "z", price: 50 },
      ],
    }),
  );
  const { rows, total } = await report(shop);
  expect(rows).toHaveLength(2);
  expect(rows).toContainEqual(
    expect.objectContaining({
      placement: "home",
      model: "m-1",
      variant: "new",
      answeredBy: "recommender",
      served: 2,
      seen: 2,
      clicked: 1,
      carted: 1,
      shoppers: 1,
      revenue: 12,
      ctr: expect.objectContaining({ value: 0.5 }),
    }),
  );
  expect(rows).toContainEqual(
    expect.objectContaining({ placement: "cart", model: "m-2", variant: null, served: 1, seen: 0, ctr: null }),
  );
  expect(total).toMatchObject({ served: 3, seen: 2, clicked: 1, revenue: 12 });
});

test("an event that is stored twice, and a transaction that is reported twice, count once", async () => {
  const shop = await ServedShop.open();
  const anna = { userId: "anna" };
  const recommendationId = await shop.serve(anna, at, ["a"]);
  const click = happened("recommendation_click", at + 1, { recommendationId, items: [{ id: "a" }] });
  const purchase = (time: number) =>
    happened("purchase", time, { transactionId: "t-1", items: [{ id: "a", price: 7 }] });
  const first = purchase(at + 2);
  await shop.record(anna, click, first);
  await shop.record(anna, first, click, purchase(at + 3));
  expect((await report(shop)).total).toMatchObject({ clicked: 1, revenue: 7 });
});

test("a click earns for 24 hours; an event that names the list earns without one, if the item was on it", async () => {
  const shop = await ServedShop.open();
  const buy = (time: number, id: string, recommendationId?: string) =>
    happened("purchase", time, {
      transactionId: `t-${time}-${id}`,
      items: [{ id, price: 1 }],
      ...(recommendationId !== undefined && { recommendationId }),
    });
  const [anna, bela, cora] = [{ userId: "anna" }, { userId: "bela" }, { userId: "cora" }];
  const late = await shop.serve(anna, at, ["a"], { placement: "late" });
  await shop.record(
    anna,
    happened("recommendation_click", at, { recommendationId: late, items: [{ id: "a" }] }),
    buy(at + 24 * HOUR, "a"),
    buy(at + 24 * HOUR + 1, "a"),
  );
  const named = await shop.serve(bela, at, ["a"], { placement: "named" });
  await shop.record(bela, buy(at + 40 * HOUR, "a", named), buy(at + 41 * HOUR, "x", named));
  const [older, newer] = [
    await shop.serve(cora, at, ["a"], { placement: "older" }),
    await shop.serve(cora, at + 1, ["a"], { placement: "newer" }),
  ];
  await shop.record(
    cora,
    happened("recommendation_click", at + 2, { recommendationId: newer, items: [{ id: "a" }] }),
    happened("recommendation_click", at + 1, { recommendationId: older, items: [{ id: "a" }] }),
    buy(at + 3, "a"),
  );
  const { rows } = await report(shop);
  expect(Object.fromEntries(rows.map(({ placement, revenue }) => [placement, revenue]))).toEqual({
    late: 1,
    named: 1,
    older: 0,
    newer: 1,
  });
});

test("a browser that signed in and its user are one shopper", async () => {
  const shop = await ServedShop.open();
  const browser = { anonymousId: "a_1" };
  const recommendationId = await shop.serve(browser, at, ["a"]);
  await shop.serve({ userId: "anna" }, at + 5, ["b"]);
  await shop.record(browser, happened("recommendation_click", at + 1, { recommendationId, items: [{ id: "a" }] }));
  await shop.table.events.link({ anonymousId: "a_1", userId: "anna", at: at + 2 });
  await shop.record({ userId: "anna" }, happened("purchase", at + 9, { items: [{ id: "a", price: 5 }] }));
  const { total, holdout } = await report(shop);
  expect(total).toMatchObject({ served: 2, clicked: 1, revenue: 5, shoppers: 1 });
  expect(holdout.treated).toMatchObject({ shoppers: 1, revenue: 5 });
});

test("what lies outside the time, or in another currency, is left out", async () => {
  const shop = await ServedShop.open();
  const anna = { userId: "anna" };
  await shop.serve(anna, range.from - 1, ["old"]);
  const recommendationId = await shop.serve(anna, at, ["a"]);
  const click = { recommendationId, items: [{ id: "a" }] };
  await shop.record(
    anna,
    happened("recommendation_click", at + 1, click),
    happened("purchase", at + 2, { currency: "USD", transactionId: "t-1", items: [{ id: "a", price: 9 }] }),
    happened("recommendation_click", to, click),
  );
  expect(await report(shop)).toMatchObject({ total: { served: 1, clicked: 1, revenue: 0 }, foreignPurchases: 1 });
});

/** Fills both arms; `spend` says what the n-th shopper of an arm spends. */
async function arms(treated: (n: number) => number, heldOut: (n: number) => number): Promise<ServedShop> {
  const shop = await ServedShop.open();
  for (const [arm, spend] of [
    ["t", treated],
    ["h", heldOut],
  ] as const) {
    for (let n = 0; n < 60; n++) {
      const shopper = { userId: `${arm}-${n}` };
      await shop.serve(shopper, at, arm === "h" ? [] : ["a"], arm === "h" ? { variant: HOLDOUT } : {});
      const items = (price: number) => ({ items: [{ id: "z", price }] });
      await shop.record(
        shopper,
        happened("purchase", at - 1, items(1_000)), // before anything could have had an effect
        happened("purchase", at + HOUR, items(spend(n))),
      );
    }
  }
  return shop;
}

test("the holdout says how much more treated shoppers spend", async () => {
  const { holdout, rows } = await report(
    await arms(
      (n) => 20 + (n % 5),
      (n) => 10 + (n % 5),
    ),
  );
  expect(rows).toHaveLength(1); // those who were held out are no list
  expect(holdout).toMatchObject({
    conclusion: "more",
    treated: { shoppers: 60, revenue: 1320 },
    heldOut: { shoppers: 60, revenue: 720 },
    difference: { value: expect.closeTo(10, 9) },
    incrementalRevenue: { value: expect.closeTo(600, 6) },
  });
  expect(holdout.sentence).toMatch(
    /^Recommendations bring 10\.00 EUR more per shopper, 95% interval 9\.\d\d EUR to 10\.\d\d EUR\.$/,
  );
});

test("who was held out and saw the shop's own order is in no row, but in the comparison", async () => {
  const shop = await ServedShop.open();
  const anna = { userId: "anna" };
  const recommendationId = await shop.serve(anna, at, ["b", "a"], {
    variant: HOLDOUT,
    strategy: "personalized_ranking",
    modelVersion: null,
    answeredBy: "fallback",
  });
  await shop.record(
    anna,
    happened("recommendation_click", at + 1, { recommendationId, items: [{ id: "a" }] }),
    happened("purchase", at + 2, { recommendationId, items: [{ id: "a", price: 5 }] }),
  );
  expect(await report(shop)).toMatchObject({
    rows: [],
    total: { served: 0, clicked: 0, revenue: 0 },
    holdout: { heldOut: { shoppers: 1, revenue: 5 } },
  });
});

test("the holdout says so when there is no difference to be seen, when they spend less, and when nobody is held out", async () => {
  const same = (
    await report(
      await arms(
        (n) => n % 7,
        (n) => n % 7,
      ),
    )
  ).holdout;
  expect(same).toMatchObject({ conclusion: "not_distinguishable", difference: { value: 0 } });
  expect(same.sentence).toContain("is not distinguishable");
  const less = (
    await report(
      await arms(
        () => 1,
        () => 2,
      ),
    )
  ).holdout;
  expect(less.conclusion).toBe("less");
  const shop = await ServedShop.open();
  expect((await report(shop)).holdout).toMatchObject({ conclusion: "no_holdout", difference: null });
  await shop.serve({ userId: "one" }, at, [], { variant: HOLDOUT });
  expect((await report(shop)).holdout).toMatchObject({ conclusion: "too_few", heldOut: { shoppers: 1 } });
});
