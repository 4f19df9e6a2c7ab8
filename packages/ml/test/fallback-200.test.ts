import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PLACEMENTS, type FallbackList } from "@endcap/protocol";
import { expect, test, vi } from "vitest";
import { newHouse } from "./support/house.ts";
import { type Answer, startMl, upstreamsOf } from "./support/ml.ts";
import { lamp, popular, shop, tenantA, tenantB } from "./support/samples.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => lamp(`i${index + 1}`));

/** ml without any recommender, and this list of the tenant's. */
async function start(
  list: FallbackList | undefined = popular(numbered(30)),
  options: Parameters<typeof startMl>[0] = {},
) {
  const house = newHouse();
  if (list) await house.publish(tenantA, list);
  return await startMl({ house, ...options });
}

const ids = ({ list }: Answer) => list?.items.map(({ id }) => id);

test("popular items, hydrated, in their order, marked as what they are", async () => {
  const ml = await start();
  const { status, list } = await ml.ask({ placement: "home" });
  expect(status).toBe(200);
  expect(list).toMatchObject({
    fallback: "popular",
    placement: "home",
    title: "Picked for you",
    strategy: "for_you",
    model: { version: "m-1" },
    recommendationId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
    serverTime: expect.any(String),
  });
  expect(list?.items.map(({ id }) => id)).toEqual(numbered(12).map(({ id }) => id));
  expect(list?.items[0]).toEqual({ id: "i1", item: lamp("i1") });
});

test("limit, offset, exclude, filter and include are kept", async () => {
  const items = numbered(10).map((item, index) => ({
    ...item,
    price: String(index + 1),
    brand: index % 2 ? "odd" : "even",
  }));
  const ml = await start(popular(items));
  const ask = async (more: object) => ids(await ml.ask({ strategy: "for_you", ...more }));
  expect(await ask({ limit: 2 })).toEqual(["i1", "i2"]);
  expect(await ask({ limit: 2, offset: 3 })).toEqual(["i4", "i5"]);
  expect(await ask({ limit: 2, exclude: ["i1", "i3"] })).toEqual(["i2", "i4"]);
  expect(await ask({ filter: { brand: "even", price: { $gt: 4 } } })).toEqual(["i5", "i7", "i9"]);
  expect((await ml.ask({ strategy: "for_you", limit: 1, include: ["reason"] })).list?.items).toEqual([
    { id: "i1", reason: { kind: "popular", text: "Popular right now" } },
  ]);
  expect((await ml.ask({ strategy: "for_you", limit: 1, include: [] })).list?.items).toEqual([{ id: "i1" }]);
});

test("the placement's rules hold too", async () => {
  const ml = await start(
    popular([
      lamp("a", { brand: "x" }),
      lamp("b", { brand: "y" }),
      lamp("c", { brand: "x" }),
      lamp("d", { brand: "x" }),
    ]),
  );
  const home = {
    id: "home",
    strategy: "for_you",
    repeats: "allow" as const,
    limit: 1,
    filter: { brand: "x" },
    exclude: ["a"],
  };
  await ml.publish([shop(tenantA, { placements: [home] })], upstreamsOf());
  expect(ids(await ml.ask({ placement: "home" }))).toEqual(["c"]);
  expect(ids(await ml.ask({ placement: "home", limit: 9, exclude: ["c"] }))).toEqual(["d"]);
});

test("what may not be shown is left out", async () => {
  const ml = await start(
    popular([
      lamp("hidden", { hidden: true }),
      lamp("sold-out", { availability: "out_of_stock" }),
      lamp("expired", { expiresAt: "2020-01-01T00:00:00Z" }),
      lamp("good", { expiresAt: new Date(Date.now() + 1e9).toISOString(), availability: "preorder" }),
    ]),
  );
  expect(ids(await ml.ask({ strategy: "for_you" }))).toEqual(["good"]);
});

test("each strategy falls back to what its heading can bear", async () => {
  const ml = await start(popular(numbered(4)));
  expect(ids(await ml.ask({ strategy: "related_items", items: ["i2"] }))).toEqual(["i1", "i3", "i4"]);
  expect(ids(await ml.ask({ strategy: "bought_together", items: ["i1", "i2"] }))).toEqual(["i3", "i4"]);
  expect(ids(await ml.ask({ strategy: "trending" }))).toEqual(["i1", "i2", "i3", "i4"]);
  expect((await ml.ask({ strategy: "recently_viewed" })).list).toMatchObject({
    items: [],
    fallback: "empty",
    model: null,
  });
  const ranking = await ml.ask({ strategy: "personalized_ranking", items: ["new", "i3", "i1", "i3"] });
  expect(ranking.list?.items).toEqual([{ id: "new" }, { id: "i3", item: lamp("i3") }, { id: "i1", item: lamp("i1") }]);
});

test("without a list the answer is empty, and still 200", async () => {
  const ml = await startMl();
  expect(await ml.ask({ placement: "home" })).toMatchObject({
    status: 200,
    list: { items: [], fallback: "empty", model: null, strategy: "for_you", placement: "home" },
  });
  const gone = await start(popular(numbered(3)));
  expect((await gone.ask({ strategy: "for_you", filter: { brand: "none" } })).list).toMatchObject({
    fallback: "empty",
  });
});

test("a tenant that this process has not heard of yet gets its list", async () => {
  const house = newHouse();
  await house.publish(tenantB, popular(numbered(2)));
  const ml = await startMl({ house });
  const principal = {
    tenant: tenantB,
    env: "live",
    tier: "standard",
    auth: "ec1",
    key: "k",
    scope: [],
    anonymousId: "a_x",
  } as const;
  const answer = await ml.ask({ placement: "home" }, { principal: { ...principal, scope: [] } });
  expect(answer).toMatchObject({ status: 200, list: { fallback: "popular", placement: "home" } });
});

test("a newly published list is answered after the refresh, without anybody waiting for it", async () => {
  let now = Date.now();
  const ml = await start(popular([lamp("old")]), { now: () => now });
  expect(ids(await ml.ask({ placement: "home" }))).toEqual(["old"]);
  await ml.house.publish(tenantA, popular([lamp("new")]));
  expect(ids(await ml.ask({ placement: "home" }))).toEqual(["old"]);
  now += 15_000;
  expect(ids(await ml.ask({ placement: "home" }))).toEqual(["old"]);
  await vi.waitFor(async () => expect(ids(await ml.ask({ placement: "home" }))).toEqual(["new"]), { interval: 5 });
});

test("a list stays when the store fails, or holds something else", async () => {
  let now = Date.now();
  const ml = await start(popular([lamp("kept")]), { now: () => now });
  expect(ids(await ml.ask({ placement: "home" }))).toEqual(["kept"]);

  const later = async () => {
    now += 15_000;
    await ml.ask({ placement: "home" });
    // The look in the background has ended when the store is asked no more.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ids(await ml.ask({ placement: "home" }));
  };
  await ml.house.publish(tenantA, { format: 2 } as unknown as FallbackList);
  expect(await later()).toEqual(["kept"]);
  const models = join(ml.house.dir, "tenants", tenantA, "models");
  rmSync(models, { recursive: true });
  writeFileSync(models, "a file where a directory should be");
  expect(await later()).toEqual(["kept"]);
});

test("the default placements work at once", async () => {
  const ml = await start();
  for (const { id } of DEFAULT_PLACEMENTS) expect(await ml.ask({ placement: id })).toMatchObject({ status: 200 });
});
