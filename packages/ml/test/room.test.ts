import { expect, test } from "vitest";
import { Room } from "../src/recommenders/room.ts";

/** A recommender that works on one call after the other; `slots` calls arrive every `msMax`, the time it has for each. */
function overload(room: Room, slots: number, inTimeOf: (under: number) => number): number[] {
  const underWay: number[] = [];
  for (let round = 0; round < 200; round++) {
    const calls = Array.from({ length: slots }, () => room.enter()).filter((call) => call !== 0);
    underWay.push(calls.length);
    const inTime = inTimeOf(calls.length);
    calls.forEach((call, at) => {
      if (at < inTime) room.leaveInTime();
      else room.leaveLate(call);
    });
  }
  return underWay;
}

test("as many calls are under way as are answered in time, a few more now and then", () => {
  const settled = overload(new Room(128), 300, () => 20).slice(100);
  const mean = settled.reduce((sum, each) => sum + each, 0) / settled.length;
  expect(mean).toBeGreaterThan(14);
  expect(mean).toBeLessThan(23);
});

test("who answers in time gets all the room there is", () => {
  const room = new Room(128);
  expect(overload(room, 300, () => 20).at(-1)).toBeLessThan(30);
  expect(overload(room, 300, (calls) => calls).at(-1)).toBe(128);
});

test("calls that were late together shrink the room once, and it never closes", () => {
  const room = new Room(100);
  const calls = Array.from({ length: 100 }, () => room.enter());
  expect(room.enter()).toBe(0);
  expect(calls.map((call) => room.leaveLate(call)).filter((isNews) => isNews)).toHaveLength(1);
  expect(Array.from({ length: 100 }, () => room.enter()).filter((call) => call !== 0)).toHaveLength(80);
  const slow = new Room(100);
  for (let n = 0; n < 50; n++) expect(slow.leaveLate(slow.enter())).toBe(true);
  expect(Array.from({ length: 10 }, () => slow.enter())).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 0, 0]);
});
