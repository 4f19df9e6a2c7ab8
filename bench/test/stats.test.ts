import { expect, test } from "vitest";
import { measureInRounds } from "../src/rounds.ts";
import { median, quantile, spread } from "../src/stats.ts";

test("a quantile is a value that was measured, whatever the order", () => {
  const values = [5, 1, 4, 2, 3];
  expect(quantile(values, 0)).toBe(1);
  expect(quantile(values, 0.5)).toBe(3);
  expect(quantile(values, 0.99)).toBe(5);
  expect(quantile(Float64Array.of(10, 9), 1)).toBe(10);
  expect(quantile([], 0.5)).toBeNaN();
});

test("median and spread", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(spread([90, 100, 110])).toBeCloseTo(0.2);
  expect(spread([7])).toBe(0);
});

test("rivals meet in interleaved rounds, after one that does not count", async () => {
  const calls: string[] = [];
  const rival = (name: string, values: number[]) => ({
    name,
    round() {
      calls.push(name);
      return values.shift() ?? Number.NaN;
    },
  });
  const measured = await measureInRounds([rival("bare", [999, 100, 200, 300]), rival("ours", [1, 50, 100, 150])], 3);
  expect(calls.join(" ")).toBe("bare ours bare ours bare ours bare ours");
  expect(measured).toEqual([
    { name: "bare", median: 200, spread: 1, vsBaseline: 1 },
    { name: "ours", median: 100, spread: 1, vsBaseline: 0.5 },
  ]);
});
