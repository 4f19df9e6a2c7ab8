import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FallbackList } from "@endcap/protocol";
import { expect, it } from "vitest";
import { event, fillShop, item, TestShop } from "../support/shop.ts";

const ids = (answer: { body: { items: { id: string }[] } }): string[] => answer.body.items.map(({ id }) => id);

it("a new model answers without a restart, and no request in between fails", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const { version: first } = await shop.train();
  await shop.start();
  let done = false;
  const answers = (async () => {
    const versions = new Set<string | undefined>();
    while (!done) {
      const { status, body } = await shop.ask("for_you", { shopper: { userId: "user-3" } });
      expect(status).toBe(200);
      versions.add(body.model?.version);
    }
    return versions;
  })();
  const { version: second } = await shop.train();
  await shop.until(
    () => shop.ask("trending", {}),
    ({ body }) => body.model?.version === second,
  );
  done = true;
  expect([...(await answers)]).toContain(first);
});

it("a damaged model is refused and the old one keeps answering", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const { version } = await shop.train();
  const service = await shop.start();
  const stored = await shop.models.get(`${version}.ecm`);
  const damaged = (stored?.bytes ?? new Uint8Array()).slice();
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] as number) ^ 1;
  await shop.models.putIfAbsent("m-zzz.ecm", damaged);
  const champion = await shop.models.pointer("champion");
  await shop.models.movePointer("champion", champion?.version, "m-zzz");
  const status = async () =>
    (await service.admin.inject("/internal/v1/status")).json<{ refusedModel: string | null }>();
  const deadline = Date.now() + 5_000;
  while ((await status()).refusedModel !== "m-zzz" && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await status()).refusedModel).toBe("m-zzz");
  expect((await shop.ask("for_you", {})).body.model?.version).toBe(version);
});

it("publishes a fallback list of hydrated, servable items", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const { version } = await shop.train();
  await shop.start();
  const object = await shop.models.get("fallback.json");
  const list = JSON.parse(new TextDecoder().decode(object?.bytes)) as FallbackList;
  expect(list.model?.version).toBe(version);
  expect(list.items).toHaveLength(32);
  expect(list.items[0]).toMatchObject({ price: "10.00", availability: "in_stock" });
});

it("a shop with only a catalogue gets similar items and the newest, at once", async () => {
  const shop = await TestShop.open();
  await shop.table.catalogue.upsert([
    item("tea-1"),
    item("tea-2", { brand: "Acme" }),
    item("tea-3"),
    item("bath-1", { updatedAt: new Date().toISOString() }),
  ]);
  await shop.start();
  const related = await shop.ask("related_items", { items: ["tea-1"], limit: 2, include: ["reason"] });
  expect(ids(related).every((id) => id.startsWith("tea"))).toBe(true);
  expect(related.body.items[0]?.reason).toMatchObject({ kind: "similar", text: "Similar to Title of tea-1" });
  expect(related.body.model).toBeNull();
  // And the other strategies of a shop that nobody has looked at yet.
  const trending = ids(await shop.ask("trending", { items: ["tea-1"], limit: 3 }));
  expect(trending.sort()).toEqual(["bath-1", "tea-2", "tea-3"]);
  expect(ids(await shop.ask("trending", { items: ["tea-1"], limit: 2 })).sort()).toEqual(["tea-2", "tea-3"]);
  const newShopper = await shop.ask("for_you", { shopper: { userId: "new" }, items: ["tea-1"], limit: 2 });
  expect(ids(newShopper).sort()).toEqual(["tea-2", "tea-3"]);
  const cart = await shop.ask("bought_together", { items: ["tea-1"], limit: 3 });
  expect(ids(cart)).toHaveLength(3);
  expect(ids(await shop.ask("trending", { limit: 1 }))).toEqual(["bath-1"]);
});

it("a shop with nothing at all gets an empty list", async () => {
  const shop = await TestShop.open();
  await shop.start();
  expect(await shop.ask("for_you", { shopper: { userId: "anna" } })).toMatchObject({
    status: 200,
    body: { items: [], model: null },
  });
});

it("training on too little says what is missing and keeps the previous model", async () => {
  const shop = await TestShop.open();
  await shop.record({ kind: "user", id: "anna" }, event("view_item", Date.now(), "tea-1"));
  await expect(shop.train()).rejects.toMatchObject({
    code: "training_data_missing",
    detail: expect.stringContaining("there are 1"),
  });
  expect(await shop.models.pointer("champion")).toBeUndefined();
});

it("the same history gives the same model, byte for byte", async () => {
  const shop = await TestShop.open();
  await fillShop(shop, 40);
  const [a, b] = [await shop.train(), await shop.train()];
  const tail = async (version: string) => {
    const text = await readFile(join(shop.directory, "tenants", shop.tenant, "models", `${version}.json`), "utf8");
    const {
      version: _v,
      trainedAt: _t,
      seconds: _s,
      verdict: _j,
      previous: _p,
      ...facts
    } = JSON.parse(text) as Record<string, unknown>;
    return facts;
  };
  expect(await tail(a.version)).toEqual(await tail(b.version));
  expect(a.bytes).toBe(b.bytes);
});

it("logs a list once it was answered, under its shopper", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const { version } = await shop.train();
  const { url } = await (await shop.start()).listen();
  expect(url).toContain("127.0.0.1");
  const { body } = await shop.ask("for_you", { shopper: { userId: "anna" }, limit: 4 });
  await shop.stop();
  const record = await shop.table.served.get({ userId: "anna" }, body.recommendationId);
  expect(record).toMatchObject({
    items: body.items.map(({ id }) => id),
    strategy: "for_you",
    modelVersion: version,
    answeredBy: "recommender",
  });
});
