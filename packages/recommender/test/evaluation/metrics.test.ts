import { expect, it } from "vitest";
import { evaluate } from "../../src/evaluation/evaluate.ts";
import { QualityMeter, SpreadMeter } from "../../src/evaluation/metrics.ts";
import { toLog } from "../../src/evaluation/session-file.ts";

it("one target a row: hits at 1 and 7 and a miss", () => {
  const meter = new QualityMeter();
  meter.add([0], 1);
  meter.add([6], 1);
  meter.add([], 1);
  const { rows, hr, mrr, ndcg, recall } = meter.result();
  expect(rows).toBe(3);
  expect(hr[5]).toBeCloseTo(100 / 3);
  expect(hr[10]).toBeCloseTo(200 / 3);
  expect(mrr[5]).toBeCloseTo(100 / 3);
  expect(mrr[20]).toBeCloseTo((100 * (1 + 1 / 7)) / 3);
  expect(ndcg[20]).toBeCloseTo((100 * (1 + 1 / 3)) / 3); // log2(8) = 3
  expect(recall).toEqual(hr);
});

it("three targets, two of them on the list at 2 and 5", () => {
  const meter = new QualityMeter();
  meter.add([1, 4], 3);
  const { hr, mrr, ndcg, recall } = meter.result();
  expect(hr[5]).toBe(100);
  expect(mrr[5]).toBe(50);
  expect(recall[5]).toBeCloseTo(200 / 3);
  const ideal = 1 + 1 / Math.log2(3) + 1 / Math.log2(4);
  expect(ndcg[5]).toBeCloseTo((100 * (1 / Math.log2(3) + 1 / Math.log2(6))) / ideal);
});

it("spread: what is shown, how popular it is, how many are variants of each other", () => {
  const spread = new SpreadMeter(Float64Array.of(4, 2, 0, 2), Int32Array.of(0, 0, 2, 3));
  spread.addList(Int32Array.of(0, 1, 2), 3);
  spread.addTarget(1);
  expect(spread.coverage()).toBe(75);
  expect(spread.popularityBias()).toBe(1); // (4 + 2 + 0) / 3 over 2
  expect(spread.distinctness()).toBeCloseTo(200 / 3);
});

it("an item that nobody knows is a miss, and repeats count in `all` only", () => {
  const log = toLog([{ ids: ["a", "b"], times: undefined }]);
  const ranker = {
    name: "a, then nothing known",
    rank: (_task: unknown, novel: boolean, out: Int32Array) => {
      out.set(novel ? [1] : [0, -1]);
      return novel ? 1 : 2;
    },
  };
  const row = { prefix: ["a"], at: undefined };
  const { all, novel } = evaluate(ranker, log, [
    { ...row, targets: ["a"] },
    { ...row, targets: ["b"] },
    { ...row, targets: ["new"] },
  ]);
  expect(all.hr[20]).toBeCloseTo(100 / 3);
  expect(novel.rows).toBe(2);
  expect(novel.hr[20]).toBe(50);
});
