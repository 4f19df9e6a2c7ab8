import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createStartGate } from "../src/provisioner/start-gate.ts";

test("of hundreds that wake at once a few start at a time, in the order of asking, and all of them start", async () => {
  const gate = createStartGate(3);
  const order: number[] = [];
  let starting = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 300 }, async (_, n) => {
      const leave = await gate.enter();
      order.push(n);
      starting += 1;
      most = Math.max(most, starting);
      for (let turn = 0; turn <= n % 3; turn++) await nextTurn();
      starting -= 1;
      leave();
      leave(); // a place is given back once
    }),
  );
  expect(most).toBe(3);
  expect(order).toEqual(Array.from({ length: 300 }, (_, n) => n));
});
