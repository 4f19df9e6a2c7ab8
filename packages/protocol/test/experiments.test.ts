import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Experiment, isHeldOut, type Placement, placementIn, shopperPoint, variantOf } from "../src/index.ts";

const people = Array.from({ length: 20_000 }, (_, n) => ({ anonymousId: `a_${n}` }));
const experiment: Experiment = {
  id: "trending-first",
  variants: [
    { name: "control", share: 0.5 },
    { name: "trending", share: 0.3, strategy: "trending" },
    { name: "varied", share: 0.2, diversity: 1 },
  ],
};

describe("dealing shoppers to arms", () => {
  it("spreads any set of shoppers evenly, whatever the salt", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("a", "user-", "客"), (salt, prefix) => {
        // Pearson's chi-squared over 20 bins: 19 degrees of freedom, 58.6 is exceeded once in 200,000.
        const bins = new Array<number>(20).fill(0);
        const count = 4_000;
        for (let n = 0; n < count; n++) {
          const bin = Math.floor((shopperPoint(salt, { userId: prefix + n }) as number) * bins.length);
          bins[bin] = (bins[bin] as number) + 1;
        }
        const expected = count / bins.length;
        const chi = bins.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0);
        expect(chi).toBeLessThan(58.6);
      }),
      { numRuns: 30 },
    );
  });

  it("gives each arm its share, and each shopper always the same arm", () => {
    const counts = new Map<string | undefined, number>();
    for (const shopper of people) {
      const name = variantOf(experiment, shopper)?.name;
      expect(variantOf(experiment, shopper)?.name).toBe(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name, share } of experiment.variants) {
      // Four standard errors.
      const slack = 4 * Math.sqrt(share * (1 - share) * people.length);
      expect(Math.abs((counts.get(name) ?? 0) - share * people.length)).toBeLessThan(slack);
    }
  });

  it("deals two experiments independently", () => {
    const other = { ...experiment, id: "another" };
    const first = people.filter((shopper) => variantOf(experiment, shopper)?.name === "control");
    const both = first.filter((shopper) => variantOf(other, shopper)?.name === "control");
    expect(Math.abs(both.length / first.length - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / first.length));
  });

  it("goes by the user once there is one, and leaves out who has no id", () => {
    const user = { userId: "u-1" };
    expect(variantOf(experiment, { ...user, anonymousId: "a_1" })).toBe(variantOf(experiment, user));
    expect(shopperPoint("x", { userId: "same" })).not.toBe(shopperPoint("x", { anonymousId: "same" }));
    expect(variantOf(experiment, {})).toBeUndefined();
    expect(isHeldOut("tnt-a", 0.5, {})).toBe(false);
  });

  it("never deals anyone to an arm of share 0", () => {
    const closed = {
      id: "x",
      variants: [
        { name: "on", share: 1 },
        { name: "off", share: 0 },
      ],
    };
    expect(people.every((shopper) => variantOf(closed, shopper)?.name === "on")).toBe(true);
  });
});

it("a holdout keeps whom it held out when it grows", () => {
  const held = (share: number) => people.filter((shopper) => isHeldOut("tnt-a", share, shopper));
  expect(held(0)).toHaveLength(0);
  const [small, large] = [held(0.05), new Set(held(0.1))];
  expect(small.length / people.length).toBeCloseTo(0.05, 1);
  expect(small.every((shopper) => large.has(shopper))).toBe(true);
});

it("a variant changes what it names and nothing else", () => {
  const placement: Placement = { id: "home", strategy: "for_you", repeats: "allow", limit: 8, experiment };
  expect(placementIn(placement, experiment.variants[1])).toEqual({
    id: "home",
    strategy: "trending",
    repeats: "allow",
    limit: 8,
  });
  expect(placementIn(placement, undefined)).toEqual({ id: "home", strategy: "for_you", repeats: "allow", limit: 8 });
});
