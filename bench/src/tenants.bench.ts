// What a tenant more costs a request: a gateway that holds a hundred thousand and is asked by the sessions of twelve
// thousand of them, beside one that holds a single tenant and is asked by as many sessions of it. First sight and later.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { defineBench } from "./bench.ts";
import { startConstantUpstreams } from "./gateway/constant-upstreams.ts";
import { type Corpus, writeCorpus } from "./gateway/corpus.ts";
import type { EdgeProcess } from "./gateway/edge-process.ts";
import { ratio, type Sample, sample, summary } from "./gateway/measure.ts";
import { installOpponents } from "./gateway/opponents.ts";
import { startOurGateway, writeGroupKeys } from "./gateway/our-gateway.ts";
import { type BenchSession, newBenchShop, sessionMaker, sessionSource } from "./gateway/shops.ts";
import { describeMachine } from "./machine.ts";
import { round3 } from "./stats.ts";

const [gatewayCore, loadCore] = [0, 1];
const goal = 0.95;

interface Contestant {
  readonly edge: EdgeProcess;
  readonly sessions: readonly BenchSession[];
  readonly rounds: Sample[];
}

export default defineBench({
  summary: "a gateway with 100,000 tenants beside one with a single tenant: CPU of a request, at first sight and later",
  options: { rounds: { type: "string" }, requests: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    if (process.platform !== "linux" || cpus().length < 2) throw new Error("this needs Linux and two cores");
    installOpponents(log);
    // Many short ones: this machine's speed changes within seconds, by more than what is measured.
    const rounds = Number(options.rounds ?? (short ? 1 : 40));
    const requests = Number(options.requests ?? (short ? 3_000 : 6_000));
    const [tenants, sessionCount] = short ? [2_000, 1_000] : [100_000, 12_000];
    // Control's desk for usage is in this process, and not where the gateway is measured.
    execFileSync("taskset", ["-a", "-p", "-c", String(loadCore), String(process.pid)], { stdio: "ignore" });
    const directory = await mkdtemp(join(tmpdir(), "endcap-tenants-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const machine = await describeMachine(directory);

    const shops = Array.from({ length: tenants }, (_, n) => newBenchShop(n));
    const shop = newBenchShop(0);
    const keys = writeGroupKeys(directory);
    const constants = await startConstantUpstreams({ directory, core: loadCore, cleanup });
    const upstreamPorts = { collector: constants.coalesced, ml: constants.constant };
    const place = { directory, keys, upstreamPorts, core: gatewayCore, cleanup };
    const sessionOf = (one: typeof shop) => sessionMaker(sessionSource(one))(Date.now());
    const one: Contestant = {
      edge: await startOurGateway({ ...place, name: "one", shops: [shop] }),
      sessions: Array.from({ length: sessionCount }, () => sessionOf(shop)),
      rounds: [],
    };
    const many: Contestant = {
      edge: await startOurGateway({ ...place, name: "many", shops }),
      sessions: shops.slice(0, sessionCount).map(sessionOf),
      rounds: [],
    };

    let seed = 0;
    function corpusOf(sessions: readonly BenchSession[], inTurn: boolean): Corpus {
      seed += 1;
      const count = inTurn ? sessions.length : requests;
      return writeCorpus({
        kind: "ec1Events",
        requests: count,
        sessions,
        shop,
        file: join(directory, "corpus"),
        seed,
        inTurn,
      });
    }

    const first = new Map<Contestant, Sample>();
    for (const each of [one, many]) first.set(each, await sample(each.edge, corpusOf(each.sessions, true), loadCore));
    for (let round = short ? 0 : -1; round < rounds; round++) {
      for (const { edge, sessions, rounds: kept } of [one, many]) {
        const result = await sample(edge, corpusOf(sessions, false), loadCore);
        if (round >= 0) kept.push(result);
      }
      log(round < 0 ? "warmed up" : `round ${round + 1} of ${rounds}`);
    }

    const manyVsOne = ratio(many.rounds, one.rounds, ({ perCoreSecond }) => perCoreSecond);
    const all = [...one.rounds, ...many.rounds, ...first.values()];
    const errors = all.reduce((sum, each) => sum + each.errors, 0);
    const firstCpuUs = (each: Contestant) => round3(first.get(each)?.cpuUs ?? Number.NaN);
    return {
      // The short form is too small for its ratio to mean anything: there, both served.
      ok: errors === 0 && (short || manyVsOne >= goal),
      figures: {
        manyVsOne,
        goal,
        one: { ...summary(one.rounds), firstSightCpuUs: firstCpuUs(one) },
        many: { ...summary(many.rounds), firstSightCpuUs: firstCpuUs(many) },
        tenants,
        sessions: sessionCount,
        requestsPerRound: requests,
        rounds,
        errors,
        machine,
      },
    };
  },
});
