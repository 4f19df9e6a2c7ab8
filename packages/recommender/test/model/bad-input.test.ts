import { expect, it } from "vitest";
import {
  createList,
  EventLogBuilder,
  encodeModel,
  type Model,
  openModel,
  type ShopEvent,
  trainModel,
} from "../../src/model/index.ts";

const start = Date.UTC(2026, 2, 1);
const minute = 60_000;

const view = (shopper: string, at: number, id: string): ShopEvent => ({
  shopper,
  type: "view_item",
  at,
  itemIds: [id],
});

function built(events: Iterable<ShopEvent>, catalogue: readonly string[] = []) {
  const builder = new EventLogBuilder();
  for (const id of catalogue) builder.addItem(id);
  for (const event of events) builder.add(event);
  return { log: builder.build(), malformed: builder.malformed };
}

/** Shoppers who walk through three neighbouring items of `ids` each, an hour apart. */
function* walks(ids: readonly string[], shoppers: number): Generator<ShopEvent> {
  for (let s = 0; s < shoppers; s++) {
    for (let n = 0; n < 3; n++)
      yield view(`s${s}`, start + s * 60 * minute + n * minute, ids[(s + n) % ids.length] ?? "");
  }
}

const ten = Array.from({ length: 10 }, (_, n) => `i${n}`);

function trained(events: Iterable<ShopEvent>, catalogue?: readonly string[]): Model {
  const { model } = trainModel(built(events, catalogue).log, { seed: 1, trainedAt: start });
  // Through the file and back, as it is served.
  return openModel(new Uint8Array(Buffer.concat([...encodeModel(model)])));
}

function ranked(model: Model, ids: readonly string[], limit = 5): string[] {
  const list = createList(limit);
  model.rank({ items: Int32Array.from(ids, (id) => model.indexOf(id)), count: ids.length }, { limit }, list);
  return [...list.items.subarray(0, list.count)].map((item) => model.idOf(item));
}

it("no events and no catalogue: a model of nothing, that answers with nothing", () => {
  const model = trained([]);
  expect(model.itemCount).toBe(0);
  expect(ranked(model, ["unknown"])).toEqual([]);
});

it("a catalogue without events: every list is full of it", () => {
  const model = trained([], ten);
  expect(ranked(model, [])).toHaveLength(5);
  expect(ranked(model, ["i3"])).toHaveLength(5);
});

it("one item, seen again and again, is what there is to show", () => {
  const model = trained(Array.from({ length: 500 }, (_, n) => view(`s${n}`, start + n * minute, "only")));
  expect(ranked(model, ["only"])).toEqual(["only"]);
  expect(ranked(model, [])).toEqual(["only"]);
});

it("one shopper is enough for tables, not for a reranker", () => {
  const events = Array.from({ length: 60 }, (_, n) => view("one", start + n * minute, `i${n % 3}`));
  const { model, report } = trainModel(built(events).log, { seed: 1, trainedAt: start });
  expect(report).toMatchObject({ sessions: 1, reranked: false });
  expect(ranked(model, ["i0"], 2)).toContain("i1");
});

it("a shopper with 100,000 events costs no more than others and does not drown them", () => {
  function* events(): Generator<ShopEvent> {
    yield* walks(ten, 2_000);
    // A robot that goes to and fro between two pages for a day and a half, at the end: where the reranker learns.
    for (let n = 0; n < 100_000; n++)
      yield view("robot", start + 2_000 * 60 * minute + n * 1_000, n % 2 ? "i0" : "trap");
  }
  const startedAt = process.cpuUsage();
  const model = trained(events());
  const { user, system } = process.cpuUsage(startedAt);
  expect((user + system) / 1e6).toBeLessThan(15);
  expect(ranked(model, ["i4", "i5"], 3)).toContain("i6");
  const long = Array.from({ length: 100_000 }, (_, n) => (n % 2 ? "i4" : "i5"));
  expect(ranked(model, long, 3)).toContain("i6");
});

it("ids of 500 characters in any script stay apart and come back whole", () => {
  const scripts = ["a", "é", "茶", "ש", "க", "🫖", "\u0301e"];
  const ids = scripts.flatMap((letter) => {
    const long = letter.repeat(500 / letter.length);
    return [`${long.slice(0, -2)}-1`, `${long.slice(0, -2)}-2`];
  });
  const model = trained(walks(ids, 500));
  expect(model.itemCount).toBe(ids.length);
  for (const [n, id] of ids.entries()) {
    expect(model.idOf(model.indexOf(id))).toBe(id);
    expect(ranked(model, [id], 3)).toContain(ids[(n + 1) % ids.length]);
  }
});

it("a time that is no number is left out and counted; nothing else is lost", () => {
  const clean = built(walks(ten, 50)).log;
  const { log, malformed } = built([
    view("s", Number.NaN, "i1"),
    ...walks(ten, 50),
    view("s", Number.POSITIVE_INFINITY, "i1"),
  ]);
  expect(malformed).toBe(2);
  expect([...log.items]).toHaveLength(clean.items.length);
});

it("a clock that jumps back: a session is in the order of its times, whatever the order of arrival", () => {
  const { log } = built([
    view("s", start + 2 * minute, "third"),
    view("s", start, "first"),
    view("s", start + minute, "second"),
  ]);
  expect([...log.items].map((item) => log.itemIds[item])).toEqual(["first", "second", "third"]);
});

it("a clock that jumps years ahead or back begins a session of its own and leaves the others' shares as they are", () => {
  const year = 365 * 24 * 60 * minute;
  const far = [view("far", start + 30 * year, "i0"), view("far", start - 30 * year, "i9")];
  const { log } = built([...walks(ten, 200), ...far]);
  expect(log.sessionOffsets.length - 1).toBe(202);
  const model = trained([...walks(ten, 200), ...far]);
  for (const [n, id] of ten.entries()) expect(ranked(model, [id], 3)).toContain(ten[(n + 1) % 10]);
  const list = createList(10);
  model.trending({ limit: 10 }, list);
  expect([...list.scores.subarray(0, list.count)].every(Number.isFinite)).toBe(true);
});
