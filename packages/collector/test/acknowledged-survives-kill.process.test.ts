import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type House, newHouse, tenantA } from "./support/collector.ts";
import { spawnCollector } from "./support/process.ts";
import { anonymousId, batch, browser, view } from "./support/samples.ts";

const rounds = 5;

/** Sends batches until the collector dies; the ids of the events that were acknowledged. */
async function sendUntilKilled(house: House, shopper: { anonymousId: string }, lifeMs: number): Promise<string[]> {
  const collector = await spawnCollector(house);
  const acknowledged: string[] = [];
  const pump = async () => {
    for (;;) {
      const events = [view("a"), view("b")];
      try {
        const [answer] = await collector.send({ p: browser(shopper), payload: batch(events) });
        if (answer?.s !== 202) throw new Error(JSON.stringify(answer));
      } catch {
        return;
      }
      acknowledged.push(...events.map(({ id }) => id));
    }
  };
  const pumps = Array.from({ length: 8 }, pump);
  await sleep(lifeMs);
  collector.child.kill("SIGKILL");
  expect(await collector.ended).toBe("SIGKILL");
  await Promise.all(pumps);
  return acknowledged;
}

test("kill -9 at any moment loses no acknowledged event", async () => {
  const house = newHouse();
  const shopper = { anonymousId: anonymousId() };
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const lifeMs = 150 + Math.floor(Math.random() * 500);
    acknowledged.push(...(await sendUntilKilled(house, shopper, lifeMs)));
  }
  expect(acknowledged.length).toBeGreaterThan(0);
  await house.read({ tenant: tenantA, env: "live" }, async ({ events }) => {
    const stored = new Set<string>();
    for await (const row of events.scan()) for (const { id } of row.events) stored.add(id);
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  });
});
