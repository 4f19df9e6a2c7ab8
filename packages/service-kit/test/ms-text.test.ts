import fc from "fast-check";
import { expect, it } from "vitest";
import { msText } from "../src/index.ts";

const asJson = (ms: number): string => JSON.stringify(Math.round(ms * 1000) / 1000);

it("spells a duration as JSON does the number, to the microsecond", () => {
  for (const ms of [0, 0.0004, 0.0006, 0.001, 0.01, 0.1, 1, 9.9996, 10.12, 123.456, -0.5]) {
    expect(msText(ms), String(ms)).toBe(asJson(ms));
  }
  const durations = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(durations, (ms) => {
      expect(msText(ms)).toBe(asJson(ms));
    }),
  );
});
