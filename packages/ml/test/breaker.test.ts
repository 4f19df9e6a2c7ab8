import { beforeEach, expect, test } from "vitest";
import { Breaker } from "../src/recommenders/breaker.ts";

let now = 0;
let breaker: Breaker;
beforeEach(() => {
  now = 0;
  breaker = new Breaker({ failuresMax: 3, openMs: 100, now: () => now });
});

function fail(times: number): void {
  for (let call = 0; call < times; call++) {
    expect(breaker.enter()).toBe(true);
    breaker.failed();
  }
}

test("a success in between starts the count anew", () => {
  fail(2);
  breaker.enter();
  breaker.succeeded();
  fail(2);
  expect(breaker.open).toBe(false);
});

test("after the last failure in a row nobody gets through until the time is over", () => {
  fail(3);
  expect(breaker.open).toBe(true);
  now = 99;
  expect(breaker.enter()).toBe(false);
  now = 100;
  expect(breaker.enter()).toBe(true);
});

test("then one call at a time tries", () => {
  fail(3);
  now = 100;
  expect([breaker.enter(), breaker.enter()]).toEqual([true, false]);
  breaker.failed();
  expect(breaker.enter()).toBe(false);
  now = 200;
  expect(breaker.enter()).toBe(true);
  breaker.succeeded();
  expect([breaker.open, breaker.enter(), breaker.enter()]).toEqual([false, true, true]);
});

test("a try that ended for another reason leaves room for the next", () => {
  fail(3);
  now = 100;
  expect(breaker.enter()).toBe(true);
  breaker.settled();
  expect(breaker.open).toBe(true);
  expect(breaker.enter()).toBe(true);
});
