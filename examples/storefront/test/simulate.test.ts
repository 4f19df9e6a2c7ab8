import { type Event, judgeEvent } from "@endcap/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import type { DrawingName } from "../src/art/product-art.ts";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { simulate } from "../src/simulate/simulate.ts";

const catalogue = Catalogue.seeded();
const until = new Date("2026-11-22T12:00:00Z");
const origin = "http://shop.example:7410";
const run = (more: { seed?: number; shoppers?: number } = {}) => [...simulate({ catalogue, origin, until, ...more })];

let events: Event[];
let viewed: Map<string, Set<DrawingName>>;

beforeAll(() => {
  events = run();
  viewed = kindsByVisit("view_item");
});

test("the same seed gives the same shoppers, to the byte", () => {
  const few = { shoppers: 60 };
  expect(JSON.stringify(run(few))).toBe(JSON.stringify(run(few)));
  expect(JSON.stringify(run({ ...few, seed: 2 }))).not.toBe(JSON.stringify(run(few)));
});

test("is enough for good tables", () => {
  expect(events.length).toBeGreaterThan(50_000);
  expect(events.length).toBeLessThan(75_000);
  expect(new Set(events.map(({ visitId }) => visitId)).size).toBeGreaterThan(7500);
  const seen = new Set(events.filter(({ type }) => type === "view_item").map(({ items }) => items?.[0]?.id));
  expect(seen.size / catalogue.products.length).toBeGreaterThan(0.97);
});

test("every event is one that the protocol takes, live by its age", () => {
  for (const event of events) {
    expect(judgeEvent(event, { now: until.getTime(), imported: false }), JSON.stringify(event)).toMatchObject({
      ok: true,
    });
  }
});

test("event ids are unique, and each names a product of the shop at its price", () => {
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  for (const { id, price } of events.flatMap(({ items }) => items ?? [])) {
    const product = catalogue.product(id);
    expect(product, id).toBeDefined();
    if (price !== undefined) expect(price).toBe((product?.pricePence ?? 0) / 100);
  }
});

test("a visit runs forward in time and buys only what was put in the basket", () => {
  for (const [visitId, visit] of Map.groupBy(events, (event) => event.visitId)) {
    if (visitId === undefined) continue;
    const times = visit.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
    const added = new Set(visit.filter(({ type }) => type === "add_to_cart").map(({ items }) => items?.[0]?.id));
    for (const { items } of visit.filter(({ type }) => type === "purchase")) {
      for (const item of items ?? []) expect(added).toContain(item.id);
    }
  }
});

test("nothing that is sold out is put in a basket", () => {
  const added = events
    .filter(({ type }) => type === "add_to_cart")
    .map(({ items }) => catalogue.product(items?.[0]?.id ?? ""));
  expect(added.some((product) => product?.availability === "out_of_stock")).toBe(false);
});

describe("things that go together", () => {
  const pairs: [DrawingName, DrawingName][] = [
    ["dome-tent", "sleeping-mat"],
    ["gas-stove", "gas-canister"],
    ["moka-pot", "grinder"],
    ["chefs-knife", "whetstone"],
    ["trowel", "gloves"],
  ];

  test.each(pairs)("%s and %s share visits three times as often as chance has it", (a, b) => {
    expect(lift(viewed, a, b)).toBeGreaterThan(3);
  });

  test.each(pairs)("%s and %s are bought by the same people", (a, b) => {
    expect(lift(kindsByShopper("purchase"), a, b)).toBeGreaterThan(2);
  });

  test("strangers share visits less than chance has it", () => {
    expect(lift(viewed, "dome-tent", "teapot")).toBeLessThan(1);
    expect(lift(viewed, "seed-packet", "headlamp")).toBeLessThan(1);
  });
});

test("hammocks are on the rise and seeds on the wane", () => {
  const share = (kind: DrawingName, recent: boolean) => {
    const boundary = until.getTime() - 6 * 86_400_000;
    const views = events.filter(({ type, at }) => type === "view_item" && Date.parse(at) > boundary === recent);
    return views.filter(({ items }) => kindOf(items?.[0]?.id) === kind).length / views.length;
  };
  expect(share("hammock", true)).toBeGreaterThan(1.5 * share("hammock", false));
  expect(share("seed-packet", true)).toBeLessThan(0.8 * share("seed-packet", false));
});

test("the regulars one can sign in as have a history of their taste", () => {
  const idris = events.filter(({ type, shopper }) => type === "view_item" && shopper?.userId === "u-idris");
  const coffee = idris.filter(
    ({ items }) => catalogue.product(items?.[0]?.id ?? "")?.category.slug === "coffee-and-tea",
  );
  expect(idris.length).toBeGreaterThan(10);
  expect(coffee.length / idris.length).toBeGreaterThan(0.5);
});

function kindOf(id: string | undefined): DrawingName | undefined {
  return catalogue.product(id ?? "")?.kind.drawing;
}

function kindsBy(type: string, keyOf: (event: Event) => string): Map<string, Set<DrawingName>> {
  const kinds = new Map<string, Set<DrawingName>>();
  for (const event of events.filter((event) => event.type === type)) {
    const key = keyOf(event);
    const set = kinds.get(key) ?? new Set();
    kinds.set(key, set);
    for (const { id } of event.items ?? []) {
      const kind = kindOf(id);
      if (kind !== undefined) set.add(kind);
    }
  }
  return kinds;
}

function kindsByVisit(type: string) {
  return kindsBy(type, ({ visitId }) => visitId ?? "");
}

function kindsByShopper(type: string) {
  return kindsBy(type, ({ shopper }) => shopper?.userId ?? shopper?.anonymousId ?? "");
}

/** How many times more often two kinds meet than if they were spread at random: P(a and b) / (P(a) P(b)). */
function lift(sets: Map<string, Set<DrawingName>>, a: DrawingName, b: DrawingName): number {
  const all = [...sets.values()];
  const share = (...kinds: DrawingName[]) =>
    all.filter((set) => kinds.every((kind) => set.has(kind))).length / all.length;
  return share(a, b) / (share(a) * share(b));
}
