import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
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

test("who leaves while its token is checked leaves nothing running", async () => {
  const collector = await startCollector();
  const { hostname, port } = new URL(collector.url);
  const intervals = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = intervals();
  for (let turns = 0; turns < 30; turns++) {
    // A token that is new is checked in turns of its own.
    const issuer = await collector.house.issuer({ now: () => Date.now() - turns * 1_000 });
    const head = `GET /internal/v1/events?tenant=${tenantA}&env=live HTTP/1.1\r\nhost: collector\r\n`;
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(`${head}authorization: Bearer ${await issuer.token()}\r\n\r\n`);
    for (let n = 0; n < turns % 10; n++) await turn();
    socket.destroy();
    await delay(5);
  }
  // Every second one leaves in that moment; a few timers may be somebody else's.
  await expect.poll(intervals, { timeout: 5_000 }).toBeLessThan(before + 5);
});
