import { statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { newHouse, tenantA } from "./support/collector.ts";
import { spawnCollector } from "./support/process.ts";
import { anonymousId, batch, browser, lamp, server, view } from "./support/samples.ts";

const live = { tenant: tenantA, env: "live" } as const;
const padded = (item: string) => view(item, { context: { note: "n".repeat(3500) } });

const many = (note: string) => Array.from({ length: 100 }, (_, index) => padded(`${note}-${index}`));

test("a full disk answers storage_full, stores nothing of what it refused, and keeps what it had", async () => {
  const house = newHouse();
  const shopper = { anonymousId: anonymousId() };
  const first = await spawnCollector(house);
  const kept = await first.send({ p: browser(shopper), payload: batch(many("kept")) });
  expect(kept).toMatchObject([{ s: 202, b: { accepted: 100 } }]);
  first.child.kill("SIGTERM");
  await first.ended;

  // From here on the table's file cannot grow by a byte.
  const { size } = statSync(join(house.dir, "tenants", tenantA, "live", "data.mdb"));
  const full = await spawnCollector(house, { fileBytesMax: size });
  const payload = batch(many("refused"));
  const [refused] = await full.send({ p: browser(shopper), payload });
  expect(refused).toMatchObject({ s: 503, b: { code: "storage_full", serverTime: expect.any(String) } });

  const principal = server();
  const history = (index: number) => ({ event: { ...padded(`h-${index}`), shopper: { userId: `u-${index}` } } });
  const lines = Array.from({ length: 2000 }, (_, index) => `${JSON.stringify(history(index))}\n`).join("");
  const part = { principal, bytes: gzipSync(lines), headers: { "content-type": "application/gzip" } };
  const path = "/v1/imports/full/parts/1";
  expect(await full.call("PUT", path, part)).toMatchObject({ status: 503, json: { code: "storage_full" } });
  const items = Array.from({ length: 500 }, (_, index) => lamp(`l-${index}`, { title: "t".repeat(1000) }));
  const put = { principal, body: { items } };
  expect(await full.call("PUT", "/v1/items", put)).toMatchObject({ status: 503, json: { code: "storage_full" } });
  full.child.kill("SIGTERM");
  expect(await full.ended).toBe(0);

  await house.read(live, async ({ events }) => {
    let stored = 0;
    for await (const row of events.scan()) {
      stored += row.events.length;
    }
    expect(stored).toBe(100);
  });

  const roomy = await spawnCollector(house);
  const [again] = await roomy.send({ p: browser(shopper), payload });
  expect(again).toMatchObject({ s: 202, b: { accepted: 100, duplicates: 0 } });
  expect(await roomy.call("PUT", path, part)).toMatchObject({ status: 200, json: { duplicate: false, events: 2000 } });
  expect(await roomy.call("PUT", "/v1/items", put)).toMatchObject({ status: 200, json: { stored: 500 } });
});
