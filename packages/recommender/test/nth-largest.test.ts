import fc from "fast-check";
import { expect, it } from "vitest";
import { nthLargest } from "../src/nth-largest.ts";

it("finds what sorting would, ties included, and looks at no more than it is told", () => {
  const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(numbers, fc.nat(), (list, chosen) => {
      const n = 1 + (chosen % list.length);
      const given = Float64Array.from([...list, 100, -100]);
      expect(nthLargest(given, list.length, n)).toBe(list.toSorted((a, b) => b - a)[n - 1]);
      expect([...given.subarray(list.length)]).toEqual([100, -100]);
    }),
  );
});
