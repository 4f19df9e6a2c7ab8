import type { Event } from "@endcap/protocol";
import { expect, it } from "vitest";
import { LiveDelta, liveDeltaDefaults } from "../../src/live/live-delta.ts";
import { event } from "../support/shop.ts";

const start = Date.parse("2026-11-19T12:00:00.000Z");
const minute = 60_000;
const day = 86_400_000;

function add(delta: LiveDelta, shopper: string, ...events: Event[]): void {
  delta.add(shopper, events, Math.max(...events.map(({ at }) => Date.parse(at))));
}
const visitsOf = (delta: LiveDelta) => new Map(delta.visited(1).items.map((each) => [each.id, each]));

it("counts an item once a visit, for each shopper", () => {
  const delta = new LiveDelta();
  for (let n = 0; n < 5; n++) add(delta, "ann", event("view_item", start + n, "a"));
  add(delta, "bob", event("view_item", start + 5, "a"));
  expect(visitsOf(delta).get("a")).toMatchObject({ shoppers: 2 });
  expect(visitsOf(delta).get("a")?.visits).toBeCloseTo(2, 3);
});

it("an event counts once, however often it comes", () => {
  const delta = new LiveDelta();
  const bought = event("purchase", start, "a", "b");
  for (let n = 0; n < 3; n++) add(delta, "ann", bought);
  expect(delta.events).toBe(1);
  expect(delta.boughtWith("a")).toEqual([{ id: "b", weight: 1, shoppers: 1 }]);
});

it("pairs what is looked at within one visit, nearer steps more, and not over a pause of 30 minutes", () => {
  const delta = new LiveDelta();
  add(
    delta,
    "ann",
    event("view_item", start, "a"),
    event("view_item", start + 1, "b"),
    event("view_item", start + 2, "c"),
  );
  add(delta, "ann", event("view_item", start + 31 * minute + 2, "d"));
  expect(delta.viewedWith("c").map(({ id }) => id)).toEqual(["b", "a"]);
  expect(delta.viewedWith("d")).toEqual([]);
});

it("pairs what is bought in one order, or in orders of one visit", () => {
  const delta = new LiveDelta();
  add(delta, "ann", event("purchase", start, "a", "b"));
  add(delta, "ann", event("purchase", start + minute, "c"));
  expect(delta.boughtWith("c").map(({ id }) => id)).toEqual(["a", "b"]);
  expect(delta.boughtWith("a").map(({ id }) => id)).toEqual(["c", "b"]);
});

it("visits halve in an hour, pairs in half a day, over months without losing precision", () => {
  const delta = new LiveDelta();
  add(delta, "ann", event("purchase", start, "a", "b"));
  add(delta, "bob", event("view_item", start + 60 * minute, "c"));
  expect(visitsOf(delta).get("a")?.visits).toBeCloseTo(0.5, 3);
  add(delta, "bob", event("view_item", start + 12 * 60 * minute, "c"));
  expect(delta.boughtWith("a")[0]?.weight).toBeCloseTo(0.5, 3);
  for (let n = 1; n < 400; n++) add(delta, `s${n}`, event("purchase", start + n * day, "x", "y"));
  const [pair] = delta.boughtWith("x");
  expect(pair?.weight).toBeCloseTo(4 / 3, 2);
  expect(delta.visited(1).items.every(({ visits }) => Number.isFinite(visits))).toBe(true);
});

it("a clock that is ahead counts as now, one that jumps back alone", () => {
  const delta = new LiveDelta();
  delta.add("ann", [event("view_item", start + 900 * day, "future")], start);
  add(delta, "bob", event("view_item", start + minute, "now"));
  delta.add("bob", [event("view_item", start - 300 * day, "past")], start + 2 * minute);
  expect(visitsOf(delta).get("future")?.visits).toBeCloseTo(visitsOf(delta).get("now")?.visits ?? 0, 1);
  expect(delta.viewedWith("past")).toEqual([]);
});

it("stays within its bounds whatever comes, keeping what is looked at now", () => {
  const limits = { ...liveDeltaDefaults, itemsMax: 100, pairsMax: 300, neighboursMax: 4, visitsMax: 10 };
  const delta = new LiveDelta(limits);
  for (let n = 0; n < 5_000; n++) {
    const ids = Array.from({ length: 20 }, (_, k) => `i${(n * 7 + k * k) % 5000}`);
    add(delta, `s${n % 50}`, event(n % 3 === 0 ? "purchase" : "view_item", start + n * 500, "hot", ...ids));
    if (n % 500 !== 0) continue;
    expect(delta.size.items).toBeLessThanOrEqual(limits.itemsMax);
    expect(delta.size.pairs).toBeLessThanOrEqual(limits.pairsMax);
    expect(delta.viewedWith("hot").length).toBeLessThanOrEqual(limits.neighboursMax);
  }
  expect(visitsOf(delta).has("hot")).toBe(true);
  delta.clear();
  expect(delta.size).toEqual({ items: 0, pairs: 0 });
});
