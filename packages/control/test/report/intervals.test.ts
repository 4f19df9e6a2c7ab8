import { expect, test } from "vitest";
import { difference, RatioOfSums, rate } from "../../src/report/intervals.ts";

/** Numerical Recipes' linear congruential generator: enough for sampling, the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("Wilson's interval has the textbook values, also for none and for all", () => {
  expect(rate(0, 0)).toBeNull();
  const [some, none, all] = [rate(15, 100), rate(0, 10), rate(10, 10)];
  expect(some?.low).toBeCloseTo(0.0931, 4);
  expect(some?.high).toBeCloseTo(0.2328, 4);
  expect(none).toMatchObject({ value: 0, low: 0, high: expect.closeTo(0.2775, 4) });
  expect(all).toMatchObject({ value: 1, low: expect.closeTo(0.7225, 4), high: 1 });
});

test("a ratio's interval covers the truth about 95 times in 100, with lists that hang together by shopper", () => {
  const random = randomFrom(7);
  let covered = 0;
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const ratio = new RatioOfSums();
    for (let shopper = 0; shopper < 300; shopper++) {
      const lists = 1 + Math.floor(random() * 5);
      // One in five buys, and then for all of that shopper's lists: an interval that took lists alone would miss often.
      ratio.add(random() < 0.2 ? 10 * lists : 0, lists);
    }
    const { low, high } = ratio.estimate() ?? { low: 0, high: 0 };
    if (low <= 2 && 2 <= high) covered++;
  }
  expect(covered / rounds).toBeGreaterThan(0.91);
  expect(covered / rounds).toBeLessThan(0.985);
});

test("the difference of two means has Welch's variance; one shopper has none", () => {
  const [a, b, single] = [new RatioOfSums(), new RatioOfSums(), new RatioOfSums()];
  for (const value of [1, 2, 3, 4]) a.add(value, 1);
  for (const value of [2, 2, 4]) b.add(value, 1);
  single.add(5, 1);
  const half = 1.959964 * Math.sqrt(5 / 3 / 4 + 4 / 3 / 3);
  expect(difference(a, b)).toEqual({
    value: expect.closeTo(-1 / 6, 9),
    low: expect.closeTo(-1 / 6 - half, 9),
    high: expect.closeTo(-1 / 6 + half, 9),
  });
  expect(difference(a, single)).toBeNull();
  expect(single.estimate()).toBeNull();
});
