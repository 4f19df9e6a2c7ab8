/** What pages show keeps the catalogue fresh: three visits from three addresses, price and availability, nothing else. */
import type { Event, Item } from "@endcap/protocol";
import { expect, test, vi } from "vitest";
import { type Collector, startCollector, tenantA, tenantB } from "./support/collector.ts";
import { anonymousId, batch, browser, eventId, lamp, server, view } from "./support/samples.ts";

const minute = 60_000;
const start = Date.parse("2026-11-01T12:00:00Z");

interface Stand {
  readonly collector: Collector;
  readonly clock: { now: number };
  put(item: Item): Promise<unknown>;
  item(id?: string): Promise<Partial<Item>>;
  /** A visit that shows `seen`, from the address behind `mark`. */
  visit(mark: string | undefined, seen: Partial<Event>, as?: Parameters<typeof browser>): Promise<void>;
  outcomes(): Promise<Record<string, number>>;
}

/** A catalogue of one lamp that the shop wrote an hour ago. */
async function stand(): Promise<Stand> {
  const clock = { now: start };
  const collector = await startCollector({ now: () => clock.now });
  const { call, send } = collector;
  const made: Stand = {
    collector,
    clock,
    put: (item) => call("PUT", "/v1/items", { principal: server(), body: { items: [item] } }),
    async item(id = "lamp") {
      const { json } = await call("GET", `/v1/items/${id}`, { principal: server() });
      return json as Partial<Item>;
    },
    async visit(mark, seen, as = [{ anonymousId: anonymousId() }]) {
      const at = new Date(clock.now).toISOString();
      const event = view("lamp", { at, type: "custom:item_observed", ...seen });
      const payload = batch([event], eventId(clock.now));
      const [answer] = await send({ p: browser(...as), payload, ...(mark !== undefined && { a: mark }) });
      expect(answer).toMatchObject({ s: 202, b: { accepted: 0, duplicates: 0, rejected: [] } });
    },
    async outcomes() {
      const text = await (await fetch(`${collector.adminUrl}/metrics`)).text();
      return Object.fromEntries(
        [...text.matchAll(/^endcap_item_observations_total\{.*outcome="(\w+)".*\} (\d+)$/gm)].map(
          ([, outcome, count]) => [outcome, Number(count)],
        ),
      );
    },
  };
  await made.put(lamp("lamp", { price: "19.90", listPrice: "25.00", updatedAt: "2026-11-01T11:00:00.000Z" }));
  return made;
}

const shows = (price: number, stock = "InStock", currency = "EUR"): Partial<Event> => ({
  items: [{ id: "lamp", price }],
  currency,
  context: { availability: stock },
});

/** Resolves when `count` agreements were dealt with. */
async function agreed({ outcomes }: Stand, count: number): Promise<Record<string, number>> {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, n) => all + n, 0);
  await vi.waitUntil(async () => sum(await outcomes()) >= count, { timeout: 5_000, interval: 10 });
  return outcomes();
}

test("three visits from three addresses refresh price and availability, and nothing else", async () => {
  const shop = await stand();
  const before = await shop.item();
  await shop.visit("n1", shows(17.5, "SoldOut"));
  await shop.visit("n2", shows(17.5, "SoldOut"));
  expect(await shop.item()).toEqual(before);
  await shop.visit("n3", shows(17.5, "SoldOut"));
  expect(await agreed(shop, 1)).toEqual({ refreshed: 1 });
  expect(await shop.item()).toEqual({
    ...before,
    price: "17.50",
    availability: "out_of_stock",
    updatedAt: "2026-11-01T11:00:00.001Z",
  });
});

test("one address is one voice, whatever it says and however many shoppers it makes up", async () => {
  const shop = await stand();
  for (let i = 0; i < 100; i++) await shop.visit("attacker", shows(0.01));
  for (let i = 0; i < 100; i++) await shop.visit("attacker", shows(i + 1));
  // Nor can it use up the voices of others, or speak again under their cover.
  await shop.visit("n1", shows(17.5));
  for (let i = 0; i < 100; i++) await shop.visit("attacker", shows(0.01));
  await shop.visit("n2", shows(17.5));
  await shop.visit("attacker", shows(0.01));
  expect(await shop.outcomes()).toEqual({});
  await shop.visit("n3", shows(17.5));
  expect(await agreed(shop, 1)).toEqual({ refreshed: 1 });
  expect(await shop.item()).toMatchObject({ price: "17.50" });
});

test("one shopper who travels is one voice, signed in or not", async () => {
  const shop = await stand();
  const anonymous = { anonymousId: anonymousId() };
  for (const mark of ["n1", "n2", "n3", "n4"]) await shop.visit(mark, shows(1), [anonymous]);
  for (const mark of ["n1", "n2", "n3", "n4"]) {
    await shop.visit(mark, shows(2), [{ anonymousId: anonymousId(), userId: "u-1" }]);
  }
  expect(await shop.outcomes()).toEqual({});
});

test("visits that disagree, a day apart, or without a mark change nothing", async () => {
  const shop = await stand();
  await shop.visit("n1", shows(17.5));
  await shop.visit("n2", shows(17.51));
  await shop.visit("n3", shows(17.5, "SoldOut"));
  await shop.visit(undefined, shows(17.5));
  await shop.visit(undefined, shows(17.5));
  await shop.visit("n4", shows(17.5));
  expect(await shop.outcomes()).toEqual({});
  shop.clock.now += 24 * 60 * minute;
  await shop.visit("n5", shows(17.5));
  await shop.visit("n6", shows(17.5));
  expect(await shop.outcomes()).toEqual({});
});

test("the shop's own word wins: pages seen before it, or out of a cache just after it, do not overrule it", async () => {
  const shop = await stand();
  await shop.visit("n1", shows(17.5));
  await shop.visit("n2", shows(17.5));
  shop.clock.now += minute;
  await shop.put(lamp("lamp", { price: "21.00", updatedAt: new Date(shop.clock.now).toISOString() }));
  shop.clock.now += 16 * minute;
  // Two of these three saw the page before the shop wrote.
  await shop.visit("n3", shows(17.5));
  expect(await agreed(shop, 1)).toEqual({ recent: 1 });
  for (const mark of ["n1", "n2", "n3"]) await shop.visit(mark, shows(17.5));
  expect(await agreed(shop, 2)).toEqual({ recent: 1, refreshed: 1 });
  expect(await shop.item()).toMatchObject({ price: "17.50" });
  // And what it writes next is newer than what was observed, even when it dates that by its last change.
  await shop.put(lamp("lamp", { price: "22.00", updatedAt: new Date(start + minute + 2).toISOString() }));
  expect(await shop.item()).toMatchObject({ price: "22.00" });
});

test("an unknown item is not made, another currency says nothing of the price, an unknown word nothing of the stock", async () => {
  const shop = await stand();
  for (const mark of ["n1", "n2", "n3"]) {
    await shop.visit(mark, { ...shows(5), items: [{ id: "never heard of", price: 5 }] });
  }
  expect(await agreed(shop, 1)).toEqual({ unknown: 1 });
  expect(await shop.item("never%20heard%20of")).toMatchObject({ code: "item_not_found" });
  for (const mark of ["n1", "n2", "n3"]) await shop.visit(mark, shows(5, "OutOfStock", "USD"));
  expect(await agreed(shop, 2)).toEqual({ unknown: 1, refreshed: 1 });
  expect(await shop.item()).toMatchObject({ price: "19.90", availability: "out_of_stock" });
  for (const mark of ["n1", "n2", "n3"]) await shop.visit(mark, shows(9.125, "__proto__"));
  await agreed(shop, 3);
  expect(await shop.item()).toMatchObject({ price: "9.125", availability: "out_of_stock" });
  // No price at all, or none yet: there is nothing to agree on.
  for (const mark of ["n1", "n2", "n3"]) await shop.visit(mark, shows(0, "who knows"));
  for (const mark of ["n1", "n2", "n3"]) await shop.visit(mark, { items: [], context: { availability: "InStock" } });
  expect(await shop.outcomes()).toEqual({ unknown: 1, refreshed: 2 });
});

test("the test environment and another tenant's pages do not speak of this catalogue", async () => {
  const shop = await stand();
  for (const mark of ["n1", "n2", "n3"]) {
    await shop.visit(mark, shows(5), [{ anonymousId: anonymousId() }, { env: "test" }]);
    await shop.visit(mark, shows(5), [{ anonymousId: anonymousId() }, { tenant: tenantB }]);
  }
  expect(await agreed(shop, 1)).toEqual({ unknown: 1 });
  expect(await shop.item()).toMatchObject({ price: "19.90" });
});

test("an observation is no event of its shopper; from a server it is an event like any other", async () => {
  const { collector, visit, clock } = await stand();
  const shopper = { anonymousId: anonymousId() };
  await visit("n1", shows(5), [shopper]);
  const at = new Date(clock.now).toISOString();
  const told = view("lamp", { type: "custom:item_observed", at, shopper });
  const answers = await collector.send({ p: server(), payload: batch([told], eventId(clock.now)), a: "n2" });
  expect(answers).toMatchObject([{ b: { accepted: 1 } }]);
  await collector.close();
  await collector.house.read({ tenant: tenantA, env: "live" }, async ({ events }) =>
    expect((await events.latest(shopper, 10)).map(({ id }) => id)).toEqual([told.id]),
  );
});
