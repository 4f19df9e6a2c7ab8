import type { Event } from "@endcap/sdk-node";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { Random } from "../random.ts";
import { EventWriter } from "./event-writer.ts";
import { makeMarket } from "./market.ts";
import { makeShopper } from "./shopper.ts";
import { type Memory, visit } from "./visit.ts";

const dayMs = 86_400_000;

export interface SimulationOptions {
  catalogue: Catalogue;
  /** The shop's origin, for page addresses. */
  origin: string;
  /** The last moment of the simulated month. */
  until: Date;
  seed?: number;
  shoppers?: number;
  /** Visits a shopper makes on average. */
  visitsMean?: number;
  days?: number;
}

/**
 * Everything the shoppers of the last days did: shopper by shopper, each in order of time. The same options give the
 * same events, ids included, so that an interrupted import resumes where it stopped.
 */
export function* simulate(options: SimulationOptions): Generator<Event, void> {
  const { catalogue, seed = 1, shoppers = 3000, visitsMean = 2.67, days = 29.5 } = options;
  const market = makeMarket(catalogue, seed);
  const random = new Random(`shoppers/${seed}`);
  const untilMs = options.until.getTime();
  for (let index = 0; index < shoppers; index++) {
    const own = random.fork(index);
    const shopper = makeShopper(index, market, visitsMean, own);
    const memory: Memory = { seen: [], bought: [] };
    const writer = new EventWriter(shopper, options.origin, untilMs, own);
    for (const startMs of visitTimes(shopper.visits, untilMs, days, own)) {
      const age = 1 - (untilMs - startMs) / (days * dayMs);
      yield* writer.write(startMs, visit(shopper, memory, age, catalogue, market, own));
    }
    yield* writer.refunds();
  }
}

/** Visits lean towards evenings and the shop's recent weeks, at least an hour apart, all over an hour ago. */
function visitTimes(count: number, untilMs: number, days: number, random: Random): number[] {
  const times = Array.from({ length: count }, () => {
    const daysAgo = days * (1 - random.next() ** 0.85);
    const midnight = Math.floor((untilMs - daysAgo * dayMs) / dayMs) * dayMs;
    const hour = Math.min(
      23.4,
      Math.max(6, random.chance(0.65) ? 20 + 1.6 * random.normal() : 12.5 + 2.5 * random.normal()),
    );
    return Math.floor(midnight + hour * 3_600_000);
  });
  const newest = untilMs - 3_600_000;
  const oldest = untilMs - days * dayMs;
  const apart: number[] = [];
  for (const time of times.toSorted((a, b) => a - b)) {
    const bounded = Math.max(oldest, Math.min(newest, time));
    const last = apart.at(-1);
    if (last === undefined || bounded - last >= 3_600_000) apart.push(bounded);
  }
  return apart;
}
