import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stage, startStage } from "../support/browser.ts";
import { livePages } from "../support/page-lives.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

test("10,000 events over 500 lives of pages that die in every way all arrive, and none counts twice", async () => {
  const { ends, ...result } = await livePages(stage, { shoppers: 5, livesPerShopper: 100, eventsPerLife: 20, seed: 7 });
  console.log(JSON.stringify({ ...result, ends }));
  expect(result).toMatchObject({ tracked: 10_000, arrived: 10_000, countedTwice: 0 });
  expect(result.accepted).toBe(result.durable);
  expect(result.duplicates).toBeGreaterThan(100);
  expect(stage.gateway.faults).toEqual([]);
}, 900_000);
