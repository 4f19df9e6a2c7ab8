import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stage, startStage } from "../support/browser.ts";
import { livePages } from "../support/page-lives.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

test("300 events over 15 lives of pages that die in every way all arrive, and none counts twice", async () => {
  const { ends, ...result } = await livePages(stage, { shoppers: 3, livesPerShopper: 5, eventsPerLife: 20, seed: 7 });
  expect(result).toMatchObject({ tracked: 300, arrived: 300, countedTwice: 0 });
  expect(result.accepted).toBe(result.durable);
  expect(result.duplicates).toBeGreaterThan(0);
  expect(stage.gateway.faults).toEqual([]);
});
