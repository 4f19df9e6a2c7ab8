import { expect, test } from "vitest";
import { startCollector, tenantA } from "./support/collector.ts";
import { anonymousId, browser, eventId, lamp, server } from "./support/samples.ts";

const names = ['"__proto__"', '"\\u005f\\u005fproto__"', '"constructor"'];
const poison = '{"polluted":"yes","prototype":{"polluted":"yes"}}';

test("names that reach a prototype are left out of events, and the events stay", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  const events = names.map(
    (name) =>
      `{"id":"${eventId()}","type":"view_item","at":"${new Date().toISOString()}",${name}:${poison},"context":{"kept":1,"deep":{${name}:${poison}}}}`,
  );
  const payload = `{"batchId":"${eventId()}","events":[${events.join(",")}]}`;
  const [answer] = await collector.send({ p: browser(shopper), payload });
  expect(answer).toMatchObject({ s: 202, b: { accepted: 3, rejected: [] } });
  await collector.close();
  await collector.house.read({ tenant: tenantA, env: "live" }, async (table) => {
    const stored = await table.events.latest(shopper, 10);
    expect(stored).toHaveLength(3);
    expect(JSON.stringify(stored)).not.toContain("polluted");
    for (const { context } of stored) expect(context).toMatchObject({ kept: 1 });
  });
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("and of items", async () => {
  const collector = await startCollector();
  const item = JSON.stringify(lamp("a", { attributes: { colour: "red" } }));
  const bodies = names.map((name) => `{"items":[${item.replace('"colour"', `${name}:${poison},"colour"`)}]}`);
  for (const body of bodies) {
    const answer = await collector.call("PUT", "/v1/items", {
      principal: server(),
      bytes: Buffer.from(body),
      headers: { "content-type": "application/json" },
    });
    expect(answer).toMatchObject({ status: 200, json: { rejected: [] } });
  }
  const { json, text } = await collector.call("GET", "/v1/items/a", { principal: server() });
  expect(json).toMatchObject({ attributes: { colour: "red" } });
  expect(text).not.toContain("polluted");
});
