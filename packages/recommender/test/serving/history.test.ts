import type { Event } from "@endcap/protocol";
import { expect, it } from "vitest";
import { CART, PURCHASE, VIEW } from "../../src/model/index.ts";
import { historyOf } from "../../src/serving/history.ts";

let count = 0;
const event = (type: Event["type"], second: number, ...ids: string[]): Event => ({
  id: `01a204a3-2c72-7ce1-a72b-${String(++count).padStart(12, "0")}`,
  type,
  at: new Date(1_790_000_000_000 + second * 1000).toISOString(),
  items: ids.map((id) => ({ id })),
});

it("puts stored and not yet stored events into one order by time, each id once", () => {
  const a = event("view_item", 1, "a");
  const b = event("view_item", 2, "b");
  const c = event("view_item", 3, "c");
  const history = historyOf([b, a], [c, b]);
  expect(history.session).toEqual(["a", "b", "c"]);
  expect([...history.seen]).toEqual(["c", "b", "a"]);
});

it("counts the same item twice in a row once, and leaves out what says nothing of interest", () => {
  const history = historyOf(
    [
      event("view_item", 1, "a"),
      event("page_view", 2),
      event("recommendation_impression", 3, "z"),
      event("view_item", 4, "a"),
      event("view_item", 5, "b"),
      event("view_item", 6, "a"),
    ],
    [],
  );
  expect(history.session).toEqual(["a", "b", "a"]);
  expect([...history.seen]).toEqual(["a", "b"]);
});

it("remembers the strongest thing done with an item", () => {
  const history = historyOf(
    [
      event("purchase", 3, "a", "b"),
      event("add_to_cart", 2, "a", "c"),
      event("view_item", 1, "d"),
      event("view_item", 4, "a"),
    ],
    [],
  );
  expect(Object.fromEntries(history.strongest)).toEqual({ a: PURCHASE, b: PURCHASE, c: CART, d: VIEW });
  expect([...history.purchased].sort()).toEqual(["a", "b"]);
});

it("is empty for a new shopper", () => {
  expect(historyOf([], [])).toEqual({
    session: [],
    kinds: [],
    visits: [],
    visit: [],
    older: undefined,
    seen: new Set(),
    purchased: new Set(),
    purchases: new Map(),
    ended: false,
    lastAt: Number.NEGATIVE_INFINITY,
    strongest: new Map(),
  });
});

it("counts the visits in which an item was purchased, and knows whether the last one ended so", () => {
  const hour = 3600;
  const bought = [
    event("purchase", 0, "a", "b"),
    event("purchase", 60, "a"),
    event("purchase", 2 * hour, "b"),
    event("purchase", 4 * hour, "a"),
  ];
  const history = historyOf(bought, []);
  expect([...history.purchases]).toEqual([
    ["b", 2],
    ["a", 2],
  ]);
  expect(history.ended).toBe(true);
  expect(historyOf([...bought, event("view_item", 5 * hour, "c")], []).ended).toBe(false);
});

it("tells the last visit from older ones by a pause of 30 minutes, and how long ago those ended", () => {
  const hour = 3600;
  const history = historyOf(
    [
      event("view_item", 0, "a"),
      event("view_item", 1799, "b"),
      event("view_item", 2 * hour, "b"),
      event("view_item", 2 * hour + 9, "c"),
    ],
    [],
  );
  expect(history.visit).toEqual(["b", "c"]);
  expect(history.older).toEqual({ items: ["a", "b"], ageMs: (2 * hour + 9 - 1799) * 1000 });
  expect(historyOf([event("view_item", 5, "a")], []).older).toBeUndefined();
});

it("says of each step which visit it belongs to, the strongest thing done, and when the last was", () => {
  const hour = 3600;
  const history = historyOf(
    [
      event("view_item", 0, "a"),
      event("add_to_cart", 5, "a"),
      event("view_item", 9, "b"),
      event("purchase", 2 * hour, "a"),
      event("view_item", 4 * hour, "a"),
    ],
    [],
  );
  expect(history.session).toEqual(["a", "b", "a", "a"]);
  expect(history.kinds).toEqual([CART, VIEW, PURCHASE, VIEW]);
  expect(history.visits).toEqual([0, 0, 1, 2]);
  expect(history.lastAt).toBe(1_790_000_000_000 + 4 * hour * 1000);
});

it("a clock that jumps back, and events without items, break nothing", () => {
  const history = historyOf(
    [event("view_item", 1_000_000, "late"), event("view_item", -90_000_000, "early"), event("view_item", 3)],
    [],
  );
  expect(history.visit).toEqual(["late"]);
  expect(history.session).toEqual(["early", "late"]);
});
