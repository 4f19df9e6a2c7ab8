import { expect, it } from "vitest";
import { bytesAt, LineSlabs } from "../src/snapshot/line-slabs.ts";

/** A linear congruential generator (Numerical Recipes), so that a failure comes back. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Of all slabs that hold a line; the open one may be one more. */
function slabBytes(lines: LineSlabs): number {
  const slabs = new Set(lines.capture().map(({ slab }) => slab));
  return [...slabs].reduce((sum, { bytes }) => sum + bytes.length, 0);
}

const text = (lines: LineSlabs) => lines.capture().map((place) => Buffer.from(bytesAt(place)).toString("utf8"));

it.each([1, 2, 3, 4])(
  "holds what a map would, however lines come and go, in at most 8/3 of the bytes (seed %i)",
  (seed) => {
    const below = numbers(seed);
    const lines = new LineSlabs();
    const plain = new Map<string, string>();
    const lengths = [10, 500, 1_200, 5_000, 60_000, 65_536, 65_537, 300_000];
    for (let step = 0; step < 6_000; step++) {
      const id = `läden-🛒-${below(300)}`;
      if (below(3) === 0) {
        plain.delete(id);
        lines.delete(id);
      } else {
        const line = `${step} ü🛒`.padEnd(lengths[below(step % 100 === 0 ? lengths.length : 4)] ?? 0, "0123456789");
        plain.set(id, line);
        lines.put(id, Buffer.from(line));
      }
      if (step % 500 > 0) continue;
      expect(lines.size).toBe(plain.size);
      for (const [key, line] of plain) expect(lines.get(key) === line && lines.has(key)).toBe(true);
      expect([...lines.ids()].sort()).toEqual([...plain.keys()].sort());
      const alive = [...plain.values()].reduce((sum, line) => sum + Buffer.byteLength(line), 0);
      expect(slabBytes(lines)).toBeLessThanOrEqual((alive * 8) / 3 + 256 * 1024);
    }
    for (const id of plain.keys()) lines.delete(id);
    expect([lines.size, slabBytes(lines), lines.get("läden-🛒-1")]).toEqual([0, 0, undefined]);
  },
);

it("gives up a slab that is more than half dead, and what was captured stays as it was", () => {
  const lines = new LineSlabs();
  const line = (n: number, word: string) => Buffer.from(`${word} ${n}`.padEnd(1_024, "."));
  for (let n = 0; n < 2_560; n++) lines.put(String(n), line(n, "first"));
  const full = slabBytes(lines);
  const before = lines.capture();
  const textBefore = text(lines);
  for (let n = 0; n < 2_560; n++) if (n % 3 > 0) lines.delete(String(n));
  expect(slabBytes(lines)).toBeLessThan(full * 0.6);
  for (let n = 0; n < 2_560; n++) lines.put(String(n), line(n, "second"));
  expect(before.map((place) => Buffer.from(bytesAt(place)).toString("utf8"))).toEqual(textBefore);
  expect(lines.get("0")).toBe(line(0, "second").toString());
  expect(slabBytes(lines)).toBeLessThan(full * 1.5);
});

it("keeps one line however often it is put", () => {
  const lines = new LineSlabs();
  for (let n = 0; n < 10_000; n++) lines.put("one", Buffer.from(`${n}`.padEnd(1_000)));
  expect(text(lines)).toEqual(["9999".padEnd(1_000)]);
  expect(slabBytes(lines)).toBe(256 * 1024);
});
