import { expect, it } from "vitest";
import { fitNextVisit } from "../../src/model/fit-next-visit.ts";
import { holdOut } from "../../src/model/held-out.ts";
import {
  createList,
  EventLogBuilder,
  encodeModel,
  firstSessions,
  type InteractionLog,
  type Model,
  openModel,
  PURCHASE,
  type RankOptions,
  SessionLogBuilder,
  sessionCount,
  trainModel,
  VIEW,
} from "../../src/model/index.ts";
import { returnRates } from "../../src/model/next-visit.ts";
import { seededRandom } from "../../src/model/random.ts";

const DAY = 86_400_000;
const staples = 30;
const novelties = 200;

/**
 * A shop of which some things are bought again and most are not: each visit of a shopper buys two of three staples of their
 * own, and two novelties from the theme of the visit, never the same again.
 */
function pantry(shoppers: number, visits: number, seed = 7): EventLogBuilder {
  const random = seededRandom(seed);
  const builder = new EventLogBuilder();
  for (let s = 0; s < shoppers; s++) {
    const own = Array.from({ length: 3 }, () => `staple-${Math.floor(random() * staples)}`);
    const theme = Math.floor(random() * 10);
    for (let v = 0; v < visits; v++) {
      const novelty = () => `new-${theme}-${Math.floor((random() * novelties) / 10)}`;
      const items = [own[v % 3] as string, own[(v + 1) % 3] as string, novelty(), novelty()];
      const at = v * DAY + s * 60_000;
      builder.add({ shopper: `s${s}`, type: "purchase", at, itemIds: items });
    }
  }
  return builder;
}

const past = (model: Model, ...visits: string[][]) => {
  const flat = visits.flatMap((ids, visit) => ids.map((id) => ({ item: model.indexOf(id), visit })));
  return {
    items: flat.map(({ item }) => item),
    kinds: flat.map(() => PURCHASE),
    visits: flat.map(({ visit }) => visit),
    count: flat.length,
  };
};

function ask(model: Model, visits: string[][], options: Partial<RankOptions> & { limit: number }): string[] {
  const list = createList(300);
  model.nextVisit(past(model, ...visits), options, list);
  return Array.from(list.items.subarray(0, list.count), (item) => model.idOf(item));
}

const { model } = trainModel(pantry(400, 6).build(), { seed: 1, trainedAt: 0 });
const visits = [
  ["staple-1", "staple-2", "new-3-1"],
  ["staple-2", "staple-3", "new-3-2"],
  ["staple-3", "staple-1", "new-3-4"],
];

it("knows each session's one before, whatever order the events come in", () => {
  const random = seededRandom(11);
  const events = Array.from({ length: 400 }, () => ({
    shopper: `s${Math.floor(random() * 20)}`,
    at: Math.floor(random() * 100) * 3_600_000,
  }));
  const builder = new EventLogBuilder();
  // The item says who and when, so that the log can be checked against the events themselves.
  for (const { shopper, at } of events) {
    builder.add({ shopper, type: "view_item", at, itemIds: [`${shopper} ${String(at).padStart(12, "0")}`] });
  }
  const log = builder.build();
  const first = (s: number) => log.itemIds[log.items[log.sessionOffsets[s] as number] as number] as string;
  for (let s = 0; s < sessionCount(log); s++) {
    const [who] = first(s).split(" ");
    const earlier = Array.from({ length: s }, (_, before) => before).filter((before) =>
      first(before).startsWith(`${who} `),
    );
    expect(log.previous?.[s]).toBe(earlier.at(-1) ?? -1);
  }
  expect(firstSessions(log, 10).previous).toEqual(log.previous?.slice(0, 10));
});

it("return rates are those of a naive count", () => {
  const log = pantry(20, 4).build();
  const rates = returnRates(log);
  const itemsOf = (s: number) => [...log.items.subarray(log.sessionOffsets[s], log.sessionOffsets[s + 1])];
  const visited = new Map<number, [visits: number, returns: number]>();
  for (let s = 0; s < sessionCount(log); s++) {
    const before = new Set<number>();
    for (let p = log.previous?.[s] ?? -1; p >= 0; p = log.previous?.[p] ?? -1)
      for (const i of itemsOf(p)) before.add(i);
    if (before.size === 0) continue;
    for (const item of itemsOf(s)) {
      const [all, returns] = visited.get(item) ?? [0, 0];
      visited.set(item, [all + 1, returns + (before.has(item) ? 1 : 0)]);
    }
  }
  for (const [item, rate] of rates.entries()) {
    const [all, returns] = visited.get(item) ?? [0, 0];
    expect(rate).toBeCloseTo(Math.log((returns + 0.2) / (all + 1)), 5);
  }
});

it("learns what is bought again and what is not, and says what spoke for the rest", () => {
  const list = createList(12);
  model.nextVisit(past(model, ...visits), { limit: 12 }, list);
  const ids = Array.from(list.items, (item) => model.idOf(item));
  expect(ids.slice(0, 3).sort()).toEqual(["staple-1", "staple-2", "staple-3"]);
  // Nobody ever bought a novelty twice; of what is new to the shopper, the theme's comes before other themes'.
  const other = ids.slice(3).filter((id) => id.startsWith("new-") && !visits.flat().includes(id));
  expect(other.filter((id) => id.startsWith("new-3-")).length).toBeGreaterThan(other.length / 2);
  const own = new Set(visits.flat());
  for (const [place, id] of ids.entries()) {
    const source = list.source[place] as number;
    if (own.has(id)) expect(model.idOf(source)).toBe(id);
    else if (source >= 0) expect(own).toContain(model.idOf(source));
  }
});

it("leaves out what must not be shown, and never a place empty", () => {
  expect(ask(model, visits, { limit: 200 })).toHaveLength(200);
  const novel = ask(model, visits, { limit: 20, repeats: false });
  expect(novel).toHaveLength(20);
  for (const id of visits.flat()) expect(novel).not.toContain(id);
  const accept = new Uint8Array(model.itemCount).fill(1);
  accept[model.indexOf("staple-1")] = 0;
  const exclude = [model.indexOf("staple-2")];
  const allowed = ask(model, visits, { limit: 20, accept, exclude });
  expect(allowed).not.toContain("staple-1");
  expect(allowed).not.toContain("staple-2");
  expect(new Set(allowed).size).toBe(20);
});

it("a past that the model does not know, a very long one, and none", () => {
  expect(ask(model, [["nobody-sells-this"]], { limit: 10 })).toHaveLength(10);
  expect(ask(model, [], { limit: 10 })).toHaveLength(10);
  const long = Array.from({ length: 5_000 }, (_, n) => [`staple-${n % staples}`]);
  const list = ask(model, long, { limit: 10 });
  expect(list).toHaveLength(10);
  expect(list.every((id) => id.startsWith("staple-"))).toBe(true);
});

it("survives the model file, and asks of one shopper leave nothing behind for the next", () => {
  const opened = openModel(new Uint8Array(Buffer.concat([...encodeModel(model)])));
  expect(opened.knowsReturns).toBe(true);
  const first = ask(opened, visits, { limit: 50 });
  ask(opened, [["staple-9", "new-7-1"]], { limit: 50 });
  expect(ask(opened, visits, { limit: 50 })).toEqual(first);
  expect(ask(model, visits, { limit: 50 })).toEqual(first);
});

it("needs shoppers who are named and come back", () => {
  const nameless = new SessionLogBuilder();
  for (let s = 0; s < 600; s++) nameless.addSession([`i${s % 50}`, `i${(s + 1) % 50}`, `i${(s + 2) % 50}`]);
  const logs: InteractionLog[] = [nameless.build(), pantry(2_000, 1).build(), pantry(20, 3).build()];
  for (const log of logs) {
    expect(fitNextVisit(log, holdOut(log, 1), 1)).toBeUndefined();
    const { model: trained } = trainModel(log, { seed: 1, trainedAt: 0 });
    expect(trained.knowsReturns).toBe(false);
    const list = createList(5);
    trained.nextVisit({ items: [0], kinds: [VIEW], visits: [0], count: 1 }, { limit: 5 }, list);
    expect(list.count).toBe(5);
  }
});
