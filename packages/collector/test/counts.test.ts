import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Collector, startCollector, tenantA, tenantB } from "./support/collector.ts";
import { anonymousId, batch, browser, server, view } from "./support/samples.ts";

async function metrics(collector: Collector): Promise<string[]> {
  const text = await (await fetch(`${collector.adminUrl}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith("endcap_event"));
}

test("what was accepted is counted by tenant and type, each event once", async () => {
  const collector = await startCollector();
  const page = browser({ anonymousId: anonymousId() });
  const part = {
    p: page,
    payload: batch([view("a"), view("b", { type: "add_to_cart" }), view("c", { type: "custom:fitted" })]),
  };
  await collector.send(part, part, { p: page, payload: batch([view("a"), { id: "none" }]) }, { p: page, payload: "{" });
  await collector.send({
    p: browser({ anonymousId: anonymousId() }, { tenant: tenantB, env: "test" }),
    payload: batch([view("a")]),
  });
  const line = JSON.stringify({ event: view("h", { shopper: { userId: "u" } }) });
  await collector.call("PUT", "/v1/imports/history/parts/1", {
    principal: server(),
    bytes: gzipSync(line),
    headers: { "content-type": "application/gzip" },
  });

  const status = await (await fetch(`${collector.adminUrl}/internal/v1/status`)).json();
  expect(status).toMatchObject({
    pendingBytes: 0,
    acceptedEvents: { [tenantA]: { view_item: 3, add_to_cart: 1, custom: 1 }, [`${tenantB}/test`]: { view_item: 1 } },
  });
  const lines = await metrics(collector);
  const value = (start: string) =>
    Number(
      lines
        .find((each) => each.startsWith(start))
        ?.split(" ")
        .at(-1),
    );
  expect(value('endcap_events_accepted_total{env="live",type="view_item",via="batch"')).toBe(2);
  expect(value('endcap_events_accepted_total{env="live",type="view_item",via="import"')).toBe(1);
  expect(value('endcap_events_accepted_total{env="live",type="custom",via="batch"')).toBe(1);
  expect(value('endcap_events_rejected_total{code="event_invalid"')).toBe(1);
  expect(value("endcap_events_duplicate_total")).toBe(3);
  expect(value('endcap_event_parts_total{outcome="accepted"')).toBe(4);
  expect(value('endcap_event_parts_total{outcome="invalid_json"')).toBe(1);
  expect(lines.join()).not.toContain("tnt-");
});
