import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Event } from "@endcap/protocol";
import { request } from "undici";
import { expect, test } from "vitest";
import { startCollector, tenantA, tenantB } from "./support/collector.ts";
import { anonymousId, batch, browser, view } from "./support/samples.ts";

test("whoever follows a tenant sees its events as they are accepted, each once and no other tenant's", async () => {
  const collector = await startCollector();
  const issuer = await collector.house.issuer();
  const url = `${collector.url}/internal/v1/events?tenant=${tenantA}&env=live`;
  const { statusCode, body } = await request(url, { headers: { authorization: `Bearer ${await issuer.token()}` } });
  expect(statusCode).toBe(200);
  const seen: Event[] = [];
  const lines = createInterface({ input: Readable.from(body) }).on("line", (line) => {
    if (line !== "") seen.push(JSON.parse(line) as Event);
  });

  const shopper = { anonymousId: anonymousId() };
  const part = { p: browser(shopper), payload: batch([view("oak-table"), view("oak-chair")]) };
  await collector.send(part);
  await collector.send(part); // a repeated batch is no news
  await collector.send({ p: browser(shopper, { tenant: tenantB }), payload: batch([view("elm-table")]) });
  await collector.send({ p: browser(shopper, { env: "test" }), payload: batch([view("ash-table")]) });
  await collector.send({ p: browser(shopper), payload: batch([view("last")]) });

  await collector.close(); // ends the stream
  await once(lines, "close");
  expect(seen.map(({ items }) => items?.[0]?.id)).toEqual(["oak-table", "oak-chair", "last"]);
  expect(seen[0]?.shopper).toEqual(shopper);
});

test("a token for one tenant follows that tenant alone", async () => {
  const collector = await startCollector();
  const issuer = await collector.house.issuer({ tenants: tenantB });
  const headers = { authorization: `Bearer ${await issuer.token()}` };
  const { statusCode } = await request(`${collector.url}/internal/v1/events?tenant=${tenantA}&env=live`, { headers });
  expect(statusCode).toBe(403);
});
