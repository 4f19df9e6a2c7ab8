// What a tenant more costs a request: a gateway that holds many and is asked by sessions of thousands of them, beside one
// that holds a single tenant and is asked by as many sessions of it.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cleanup } from "../bench.ts";
import { median, round3 } from "../stats.ts";
import { type Corpus, writeCorpus } from "./corpus.ts";
import type { EdgeProcess } from "./edge-process.ts";
import { ratio, type Sample, type Series, sample } from "./measure.ts";
import { type OurGatewayOptions, startOurGateway } from "./our-gateway.ts";
import { type BenchSession, newBenchShop, sessionMaker, sessionSource } from "./shops.ts";

export interface ManyTenantsOptions {
  readonly place: Omit<OurGatewayOptions, "name" | "shops" | "cleanup">;
  readonly loadCore: number;
  readonly tenants: number;
  readonly sessions: number;
  /** Of two new processes each: two starts of the same gateway differ by more than what is measured. */
  readonly pairs: number;
  /**
   * Rounds of a pair before its first that counts. V8 makes its best code of a function that was called 3,000 times, so
   * those of a connection, of which a round has 64, are done after 47: until then its thread takes several µs a request,
   * and which function when is another matter in each process.
   */
  readonly warmUps: number;
  /** Of a pair; many short ones, as the machine's speed changes within seconds. */
  readonly rounds: number;
  /** Of a round. */
  readonly requests: number;
  readonly log: (line: string) => void;
  readonly cleanup: (work: Cleanup) => void;
}

export interface ManyTenants {
  /** Requests by the second of CPU time, many tenants divided by one: of each pair the median of its rounds. */
  readonly pairs: readonly number[];
  /** The middle pair's. */
  readonly manyVsOne: number;
  readonly one: Side;
  readonly many: Side;
  /** Of all requests that were sent. */
  readonly errors: number;
}

export interface Side {
  readonly rounds: Series;
  /** CPU of a session's first request, median of the pairs. */
  readonly firstSightCpuUs: number;
}

interface Contestant {
  readonly edge: EdgeProcess;
  readonly sessions: readonly BenchSession[];
  readonly rounds: Sample[];
  first?: Sample;
}

export async function compareTenants(options: ManyTenantsOptions): Promise<ManyTenants> {
  const { place, loadCore, tenants, sessions: sessionCount, pairs, warmUps, rounds, requests, log, cleanup } = options;
  const shops = Array.from({ length: tenants }, (_, n) => newBenchShop(n));
  const shop = newBenchShop(0);
  const sessionOf = (of: typeof shop) => sessionMaker(sessionSource(of))(Date.now());
  const sessions = {
    one: Array.from({ length: sessionCount }, () => sessionOf(shop)),
    many: shops.slice(0, sessionCount).map(sessionOf),
  };
  let seed = 0;
  const works: Cleanup[] = [];
  /** A pair ends before the next begins, and with the bench should that be ended. */
  async function endPair(): Promise<void> {
    for (let work = works.pop(); work !== undefined; work = works.pop()) await work();
  }
  cleanup(endPair);

  async function measure(pair: number): Promise<{ one: Contestant; many: Contestant }> {
    const directory = await mkdtemp(join(place.directory, "tenants-"));
    works.push(() => rm(directory, { recursive: true, force: true }));
    const gateway = { ...place, directory, cleanup: (work: Cleanup) => works.push(work) };
    const corpusOf = (of: readonly BenchSession[], inTurn: boolean): Corpus => {
      seed += 1;
      const count = inTurn ? of.length : requests;
      const file = join(directory, "corpus");
      return writeCorpus({ kind: "ec1Events", requests: count, sessions: of, shop, file, seed, inTurn });
    };
    try {
      const one: Contestant = {
        edge: await startOurGateway({ ...gateway, name: "one", shops: [shop] }),
        sessions: sessions.one,
        rounds: [],
      };
      const many: Contestant = {
        edge: await startOurGateway({ ...gateway, name: "many", shops }),
        sessions: sessions.many,
        rounds: [],
      };
      // Whoever is asked second meets another machine than whoever is first, if only a little: they take turns.
      const inOrder = pair % 2 === 0 ? [one, many] : [many, one];
      for (const each of inOrder) each.first = await sample(each.edge, corpusOf(each.sessions, true), loadCore);
      for (let round = -warmUps; round < rounds; round++) {
        for (const { edge, sessions: of, rounds: kept } of inOrder) {
          const result = await sample(edge, corpusOf(of, false), loadCore);
          if (round >= 0) kept.push(result);
        }
      }
      return { one, many };
    } finally {
      await endPair();
    }
  }

  const ratios: number[] = [];
  const all: Record<"one" | "many", Contestant[]> = { one: [], many: [] };
  for (let pair = 0; pair < pairs; pair++) {
    const { one, many } = await measure(pair);
    ratios.push(ratio(many.rounds, one.rounds, ({ perCoreSecond }) => perCoreSecond));
    all.one.push(one);
    all.many.push(many);
    log(`${tenants} tenants beside one: pair ${pair + 1} of ${pairs}`);
  }
  const errors = Object.values(all)
    .flat()
    .flatMap(({ rounds: kept, first }) => [...kept, ...(first ? [first] : [])])
    .reduce((sum, each) => sum + each.errors, 0);
  return { pairs: ratios, manyVsOne: round3(median(ratios)), one: sideOf(all.one), many: sideOf(all.many), errors };
}

function sideOf(contestants: readonly Contestant[]): Side {
  const firsts = contestants.flatMap(({ first }) => (first ? [first.cpuUs] : []));
  return { rounds: contestants.flatMap(({ rounds }) => rounds), firstSightCpuUs: round3(median(firsts)) };
}
