import { HOLDOUT, isHeldOut, type ServedRecord, type Shopper } from "@endcap/protocol";
import { expect, test } from "vitest";
import { HoldoutMeter } from "../../src/report/holdout.ts";
import { buildReport } from "../../src/report/report.ts";
import { happened, ServedShop } from "../support/served-shop.ts";

const HOUR = 3_600_000;
const at = Date.parse("2027-03-05T00:00:00Z");

/** Mulberry32: uniform in [0, 1), the same for the same seed. */
function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Life {
  readonly without: number;
  readonly with: number;
}

/** What a shopper spends in either arm: most nothing, a few a lot. With recommendations `lift` times as many buy. */
function lifeOf(random: () => number, lift: number): Life {
  const wish = random();
  const amount = Math.exp(3 + 0.8 * (random() + random() + random()));
  return { without: wish < 0.06 ? amount : 0, with: wish < 0.06 * lift ? amount : 0 };
}

function compare(seed: number, { shoppers, share, lift }: { shoppers: number; share: number; lift: number }) {
  const random = randomOf(seed);
  const meter = new HoldoutMeter();
  let effect = 0;
  for (let n = 0; n < shoppers; n++) {
    const life = lifeOf(random, lift);
    const heldOut = random() < share;
    effect += (life.with - life.without) / shoppers;
    const served: ServedRecord = {
      recommendationId: "00000000-0000-7000-8000-000000000000",
      at: new Date(at).toISOString(),
      shopper: { userId: `${n}` },
      items: heldOut ? [] : ["a"],
      strategy: "for_you",
      modelVersion: null,
      answeredBy: "recommender",
      ...(heldOut && { variant: HOLDOUT }),
    };
    meter.add([served], [{ at: at + HOUR, revenue: heldOut ? life.without : life.with }]);
  }
  const { difference, conclusion } = meter.result("EUR");
  if (difference === null) throw new Error("too few shoppers");
  return { conclusion, holdsZero: difference.low <= 0 && difference.high >= 0, difference, effect };
}

test("where recommendations have no effect the interval holds zero, but for about one shop in twenty", () => {
  const shops = Array.from({ length: 200 }, (_, seed) => compare(seed, { shoppers: 3_000, share: 0.2, lift: 1 }));
  const wrong = shops.filter(({ holdsZero }) => !holdsZero);
  // Ten of two hundred are expected at 95%; three standard deviations are nine.
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.length).toBeLessThan(20);
  expect(wrong.every(({ conclusion }) => conclusion !== "not_distinguishable")).toBe(true);
});

test("where they bring something the interval is above zero and holds what they bring", () => {
  const shops = Array.from({ length: 60 }, (_, seed) => compare(seed, { shoppers: 8_000, share: 0.2, lift: 2 }));
  expect(shops.filter(({ conclusion }) => conclusion === "more").length).toBeGreaterThan(54);
  const told = shops.filter(({ difference, effect }) => difference.low <= effect && effect <= difference.high);
  expect(told.length).toBeGreaterThan(51);
});

test.each([
  { what: "no effect", lift: 1, conclusion: "not_distinguishable" },
  { what: "four times as many buyers", lift: 4, conclusion: "more" },
])("the same from a shop's served log and events: $what", async ({ lift, conclusion }) => {
  const shop = await ServedShop.open();
  const random = randomOf(7);
  await Promise.all(
    Array.from({ length: 600 }, async (_, n) => {
      const shopper: Shopper = { userId: `shopper-${n}` };
      const life = lifeOf(random, lift);
      const heldOut = isHeldOut(`tnt-${"a".repeat(16)}`, 0.4, shopper);
      const revenue = heldOut ? life.without : life.with;
      await shop.serve(shopper, at, heldOut ? [] : ["a"], heldOut ? { variant: HOLDOUT } : {});
      if (revenue === 0) return;
      await shop.record(shopper, happened("purchase", at + HOUR, { items: [{ id: "z", price: revenue }] }));
    }),
  );
  const { holdout } = await buildReport(shop.table, { from: at - HOUR, to: at + 24 * HOUR }, "EUR");
  expect(holdout.treated.shoppers + holdout.heldOut.shoppers).toBe(600);
  expect(holdout.conclusion).toBe(conclusion);
});
