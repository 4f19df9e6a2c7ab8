import { expect, it } from "vitest";
import { buildBaskets } from "../../src/model/baskets.ts";
import { type InteractionLog, SessionLogBuilder } from "../../src/model/index.ts";
import { decoded } from "../../src/model/minifloat.ts";
import { seededRandom } from "../../src/model/random.ts";
import { signalAt } from "../../src/model/rows.ts";
import { FORWARD, HOP, NEXT, RECENT, REVERSE, TOGETHER } from "../../src/model/signals.ts";
import { buildTables, type ItemTables } from "../../src/model/tables.ts";

/** Few enough items that no row and no fan-out is cut, so that every pair can be compared. */
function smallLog(seed: number): InteractionLog {
  const random = seededRandom(seed);
  const builder = new SessionLogBuilder();
  const items = 2 + Math.floor(random() * 30);
  const sessions = 1 + Math.floor(random() * 60);
  for (let s = 0; s < sessions; s++) {
    const length = 1 + Math.floor(random() ** 3 * 40);
    builder.addSession(Array.from({ length }, () => `i${Math.floor(random() ** 2 * items)}`));
  }
  const log = builder.build();
  const basketItems: number[] = [];
  const basketOffsets = [0];
  for (let b = 0; b < 20; b++) {
    const basket = new Set(Array.from({ length: 1 + Math.floor(random() * 5) }, () => Math.floor(random() * items)));
    for (const item of basket) if (item < log.itemIds.length) basketItems.push(item);
    basketOffsets.push(basketItems.length);
  }
  return { ...log, basketOffsets: Uint32Array.from(basketOffsets), basketItems: Int32Array.from(basketItems) };
}

const sessionsOf = ({ items, sessionOffsets }: InteractionLog): number[][] =>
  Array.from({ length: sessionOffsets.length - 1 }, (_, s) => [
    ...items.subarray(sessionOffsets[s], sessionOffsets[s + 1]),
  ]);

class Counts {
  readonly #counts = new Map<string, number>();
  readonly #from = new Map<number, number>();
  readonly #to = new Map<number, number>();

  add(from: number, to: number, weight: number): void {
    this.#counts.set(`${from} ${to}`, this.of(from, to) + weight);
    this.#from.set(from, this.from(from) + weight);
    this.#to.set(to, this.to(to) + weight);
  }

  of(from: number, to: number): number {
    return this.#counts.get(`${from} ${to}`) ?? 0;
  }

  /** Sum of a row. */
  from(from: number): number {
    return this.#from.get(from) ?? 0;
  }

  /** Sum of a column. */
  to(to: number): number {
    return this.#to.get(to) ?? 0;
  }

  get size(): number {
    return this.#counts.size;
  }
}

/** The six signals by their definitions: every pair of positions, counted in maps. */
function naive(log: InteractionLog): (signal: number, from: number, to: number) => number {
  const sessions = sessionsOf(log);
  const [next, forward, recent, together] = [new Counts(), new Counts(), new Counts(), new Counts()];
  for (const [s, session] of sessions.entries()) {
    const fresh = Math.exp(-(sessions.length - 1 - s) / (0.12 * sessions.length));
    for (const [p, from] of session.entries()) {
      for (const [n, to] of session.slice(p + 1, p + 11).entries()) {
        if (to === from) continue;
        if (n === 0) next.add(from, to, 1);
        forward.add(from, to, 0.7 ** n);
        recent.add(from, to, 0.7 ** n * fresh);
        together.add(from, to, 0.3 ** n);
        together.add(to, from, 0.3 ** n);
      }
    }
  }
  const cosine = (from: number, to: number) =>
    together.of(from, to) / Math.sqrt((together.from(from) + 5) * (together.from(to) + 5));
  const all = log.itemIds.map((_, item) => item);
  const totals = all.map((from) => all.reduce((total, to) => total + cosine(from, to), 0.1));
  const share = (from: number, to: number) => cosine(from, to) / (totals[from] ?? Number.NaN);
  return (signal, from, to) => {
    if (signal === NEXT) return next.of(from, to) / (next.from(from) + 2);
    if (signal === FORWARD) return forward.of(from, to) / (forward.from(from) + 2);
    if (signal === REVERSE) return forward.of(to, from) / (forward.to(from) + 2);
    if (signal === RECENT) return recent.of(from, to) / (recent.from(from) + 0.5);
    if (signal === TOGETHER) return cosine(from, to);
    return all.reduce((walked, via) => walked + share(from, via) * share(via, to), 0);
  };
}

function entryOf({ rowOffsets, neighbours }: ItemTables, from: number, to: number): number | undefined {
  for (let e = rowOffsets[from] as number; e < (rowOffsets[from + 1] as number); e++) {
    if (neighbours[e] === to) return e;
  }
  return undefined;
}

/** A signal is stored in a byte: 16 steps an octave, 2^-16 at least. HOP multiplies two that were. */
const near = (stored: number, counted: number, relative: number) =>
  Math.abs(stored - Math.min(counted, decoded[255] as number)) <= counted * relative + 2 ** -16;

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1);

it.each(seeds)("all six tables hold what counting every pair in maps gives (seed %i)", (seed) => {
  const log = smallLog(seed);
  const { tables } = buildTables(log);
  const expected = naive(log);
  for (let from = 0; from < tables.itemCount; from++) {
    for (let to = 0; to < tables.itemCount; to++) {
      if (from === to) continue;
      const entry = entryOf(tables, from, to);
      for (const [signal, relative] of [
        [NEXT, 0.035],
        [FORWARD, 0.035],
        [REVERSE, 0.035],
        [TOGETHER, 0.035],
        [RECENT, 0.035],
        [HOP, 0.12],
      ] as const) {
        const counted = expected(signal, from, to);
        const stored = entry === undefined ? 0 : signalAt(tables, entry, signal);
        expect(near(stored, counted, relative), `signal ${signal} of ${from} to ${to}: ${stored}, ${counted}`).toBe(
          true,
        );
      }
    }
    expect(entryOf(tables, from, from)).toBeUndefined();
  }
});

it.each(seeds)("visits, their rates and their age hold what counting gives (seed %i)", (seed) => {
  const log = smallLog(seed);
  const { tables } = buildTables(log);
  const sessions = sessionsOf(log);
  for (let item = 0; item < tables.itemCount; item++) {
    const times = sessions.map((session) => session.filter((each) => each === item).length);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const visits = sum(times);
    const rate = (count: number) => (count + 0.2) / (visits + 1);
    const weights = times.map((n, s) => n * Math.exp(-(sessions.length - 1 - s) / (0.12 * sessions.length)));
    const last = times.findLastIndex((n) => n > 0);
    expect(tables.visits[item]).toBe(visits);
    expect(tables.recentVisits[item]).toBeCloseTo(sum(weights), 3);
    expect(tables.lastSeen[item]).toBeCloseTo(Math.log((sessions.length - last) / sessions.length), 4);
    expect(tables.repeatRate[item]).toBeCloseTo(rate(sum(times.map((n) => Math.max(0, n - 1)))), 4);
    expect(tables.entryRate[item]).toBeCloseTo(rate(sessions.filter((session) => session[0] === item).length), 4);
    expect(tables.exitRate[item]).toBeCloseTo(rate(sessions.filter((session) => session.at(-1) === item).length), 4);
  }
});

it.each(seeds)("baskets hold what counting gives, best first (seed %i)", (seed) => {
  const log = smallLog(seed);
  const { rowOffsets, neighbours, values } = buildBaskets(log);
  const together = new Counts();
  const orders = new Map<number, number>();
  for (let b = 0; b + 1 < log.basketOffsets.length; b++) {
    const basket = [...log.basketItems.subarray(log.basketOffsets[b], log.basketOffsets[b + 1])];
    for (const from of basket) {
      orders.set(from, (orders.get(from) ?? 0) + 1);
      for (const to of basket) if (to !== from) together.add(from, to, 1 / Math.log2(1 + basket.length));
    }
  }
  expect(neighbours.length).toBe(together.size);
  for (let from = 0; from < log.itemIds.length; from++) {
    let before = Number.POSITIVE_INFINITY;
    for (let e = rowOffsets[from] as number; e < (rowOffsets[from + 1] as number); e++) {
      const to = neighbours[e] as number;
      const damped = Math.sqrt(((orders.get(from) ?? 0) + 3) * ((orders.get(to) ?? 0) + 3));
      expect(values[e]).toBeCloseTo(together.of(from, to) / damped, 4);
      expect(values[e]).toBeLessThanOrEqual(before);
      before = values[e] as number;
    }
  }
});

it("a row is cut to its best, and a bestseller of far more visits than are walked keeps shares like the others'", () => {
  const builder = new SessionLogBuilder();
  // 300 companions: companion n follows the bestseller once every n + 1 rounds.
  for (let round = 0; round < 8_000; round++) {
    for (let n = 0; n < 300; n = n * 2 + 1) if (round % (n + 1) === 0) builder.addSession(["star", `c${n}`]);
    builder.addSession(["star", `c${round % 300}`]);
  }
  const log = builder.build();
  const { tables } = buildTables(log);
  const star = log.itemIds.indexOf("star");
  const end = tables.rowOffsets[star + 1] as number;
  const start = tables.rowOffsets[star] as number;
  expect(end - start).toBe(160);
  const kept = [...tables.neighbours.subarray(start, end)].map((item) => log.itemIds[item]);
  expect(kept.slice(0, 5)).toEqual(["c0", "c1", "c3", "c7", "c15"]);
  const share = signalAt(tables, start, NEXT);
  const follows = log.items.filter((item) => log.itemIds[item] === "c0").length / (log.items.length / 2);
  expect(Math.abs(share - follows)).toBeLessThan(0.05 * follows);
});
