// The gateway against nginx, haproxy, caddy, nginx with the same checks in Lua, and plain @fastify/http-proxy: one core
// each, the same signed requests replayed over 64 connections, in interleaved rounds.
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInternalIssuer } from "@endcap/service-kit";
import { defineBench, type Figures } from "./bench.ts";
import { startCollector } from "./gateway/collector.ts";
import { startConstantUpstreams } from "./gateway/constant-upstreams.ts";
import { type Corpus, type CorpusKind, writeCorpus } from "./gateway/corpus.ts";
import { rssBytes } from "./gateway/cpu.ts";
import type { EdgeProcess } from "./gateway/edge-process.ts";
import { startCaddy, startHaproxy, startNginx } from "./gateway/foreign-proxies.ts";
import { startHttpProxy } from "./gateway/http-proxy.ts";
import { compareTenants } from "./gateway/many-tenants.ts";
import { ratio, type Sample, type Series, sample, summary } from "./gateway/measure.ts";
import { startNginxLua } from "./gateway/nginx-lua.ts";
import { installOpponents } from "./gateway/opponents.ts";
import { startOurGateway, writeGroupKeys } from "./gateway/our-gateway.ts";
import { type BenchSession, newBenchShop, sessionMaker, sessionSource } from "./gateway/shops.ts";
import { replay } from "./gateway/wrk.ts";
import { describeMachine } from "./machine.ts";
import { round3 } from "./stats.ts";

const sessionCount = 12_000;

/** What has to hold. Ratios are ours divided by theirs. */
const goals = { events: 0.9, recommendations: 0.45, edgeToDiskCpu: 1, manyTenants: 0.95, rssGrowth: 0.1 };

const kinds: readonly CorpusKind[] = ["ec1Events", "rfc9421Events", "ec1Recommendations", "rfc9421Recommendations"];

export default defineBench({
  summary: "the gateway against nginx+lua, nginx, haproxy, caddy and @fastify/http-proxy, one core each",
  options: { rounds: { type: "string" }, requests: { type: "string" }, steady: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    if (process.platform !== "linux" || cpus().length < 2) throw new Error("this needs Linux and two cores");
    const rounds = Number(options.rounds ?? (short ? 1 : 5));
    const requests = Number(options.requests ?? (short ? 3_000 : 60_000));
    const installed = installOpponents(log);
    const directory = await mkdtemp(join(tmpdir(), "endcap-gateway-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const [proxyCore, loadCore] = [0, 1];
    const machine = await describeMachine(directory);

    const shop = newBenchShop(0);
    const newSession = sessionMaker(sessionSource(shop));
    const sessions = Array.from({ length: sessionCount }, () => newSession(Date.now()));
    const keys = writeGroupKeys(directory);
    const constants = await startConstantUpstreams({ directory, core: loadCore, cleanup });
    const place = { directory, upstreamPort: constants.constant, core: proxyCore, cleanup };
    const gatewayPlace = { directory, keys, core: proxyCore, cleanup };
    const constantPorts = { collector: constants.coalesced, ml: constants.coalesced };
    const [ours, collector, lua, ...others] = await Promise.all([
      startOurGateway({ ...gatewayPlace, name: "ours", shops: [shop], upstreamPorts: constantPorts }),
      startCollector(directory, keys, loadCore, cleanup),
      installed.has("nginxLua") ? startNginxLua(place, [shop], false) : undefined,
      startHttpProxy(place, [shop]),
      ...(installed.has("nginx") ? [startNginx(place)] : []),
      ...(installed.has("haproxy") ? [startHaproxy(place)] : []),
      ...(installed.has("caddy") ? [startCaddy(place)] : []),
    ]);
    log(`started: ours, ${[...(lua ? [lua] : []), ...others].map(({ name }) => name).join(", ")}`);

    let corpora = 0;
    const corpus = (kind: CorpusKind, of: readonly BenchSession[] = sessions, count = requests): Corpus => {
      corpora += 1;
      return writeCorpus({
        kind,
        requests: count,
        sessions: of,
        shop,
        file: join(directory, `${kind}.corpus`),
        seed: corpora,
      });
    };
    const series = new Map<string, Sample[]>();
    const measured = (kind: string, name: string): Series => series.get(`${kind} ${name}`) ?? [];
    async function measure(
      kind: string,
      proxy: EdgeProcess,
      of: Corpus,
      round: number,
      behind: EdgeProcess[] = [],
    ): Promise<void> {
      const result = await sample(proxy, of, loadCore, behind);
      const key = `${kind} ${proxy.name}`;
      if (round >= 0) series.set(key, [...measured(kind, proxy.name), result]);
    }

    /** A session's first request costs more than its others, with everybody; what is measured are the others. */
    async function meetAll(of: readonly BenchSession[], edges: readonly EdgeProcess[]): Promise<void> {
      const file = join(directory, "first.corpus");
      const options = {
        kind: "ec1Events",
        requests: of.length,
        sessions: of,
        shop,
        file,
        seed: 0,
        inTurn: true,
      } as const;
      const first = writeCorpus(options);
      for (const { port } of edges) await replay(port, first, loadCore);
    }
    await meetAll(sessions, [ours, ...(lua ? [lua] : []), ...others.filter(({ name }) => name === "http-proxy")]);
    // A kind after the other: with all four in a round, who is measured waits minutes for who checks RFC 9421 in Lua.
    for (const kind of kinds) {
      // Only the two that know both ways to sign are asked in both; what the others do does not depend on it.
      const rivals = [ours, ...(lua ? [lua] : []), ...(kind === "ec1Events" ? others : [])];
      for (let round = -1; round < rounds; round++) {
        const requestsOfRound = corpus(kind);
        for (const proxy of rivals) await measure(kind, proxy, requestsOfRound, round);
        log(`${kind}: ${round < 0 ? "warmed up" : `round ${round + 1} of ${rounds}`}`);
      }
    }

    const diskPorts = { collector: collector.port, ml: constants.coalesced };
    const oursToDisk = await startOurGateway({
      ...gatewayPlace,
      name: "ours-to-disk",
      shops: [shop],
      upstreamPorts: diskPorts,
    });
    const luaToDisk = lua && (await startNginxLua({ ...place, upstreamPort: collector.port }, [shop], true));
    const issuer = await createInternalIssuer({
      keyFile: keys.keyFile,
      group: "shared",
      audience: ["collector"],
      tenants: "*",
    });
    for (let round = -1; round < rounds; round++) {
      // Each edge gets batches of its own: a batch that was stored once is no work any more.
      await measure("edgeToDisk", oursToDisk, corpus("ec1Events"), round, [collector]);
      if (luaToDisk === undefined) continue;
      await luaToDisk.giveToken(await issuer.token());
      await measure("edgeToDisk", luaToDisk, corpus("ec1Events"), round, [collector]);
    }
    log("edge to disk is measured");

    const tenantRounds = short ? 10 : 30;
    const manyTenants = await compareTenants({
      place: { directory, keys, core: proxyCore, upstreamPorts: constantPorts },
      loadCore,
      tenants: short ? 20_000 : 100_000,
      sessions: sessionCount,
      pairs: short ? 1 : 5,
      warmUps: short ? 1 : 60,
      // A pair's rounds together are one of the others': the machine's speed changes within seconds.
      rounds: tenantRounds,
      requests: Math.ceil(requests / tenantRounds),
      log,
      cleanup,
    });

    const steady = corpus("ec1Events");
    const rssRequests = Number(options.steady ?? (short ? 20_000 : 2_000_000));
    const times = (count: number) => Math.ceil(count / requests);
    await replay(ours.port, steady, loadCore, { repeats: times(rssRequests / 5) });
    const rssBefore = rssBytes(ours.pid);
    await replay(ours.port, steady, loadCore, { repeats: times(rssRequests) });
    const rssAfter = rssBytes(ours.pid);

    const perSecond = ({ perCoreSecond }: Sample) => perCoreSecond;
    const cpuUs = ({ cpuUs }: Sample) => cpuUs;
    const vsLua = (kind: string) => (lua ? ratio(measured(kind, "ours"), measured(kind, lua.name), perSecond) : null);
    const worse = (a: number | null, b: number | null) => (a === null || b === null ? null : Math.min(a, b));
    const eventsVsNginxLua = worse(vsLua("ec1Events"), vsLua("rfc9421Events"));
    const recommendationsVsNginxLua = worse(vsLua("ec1Recommendations"), vsLua("rfc9421Recommendations"));
    const toDisk = measured("edgeToDisk", "ours-to-disk");
    const edgeToDiskCpuVsNginxLua = luaToDisk ? ratio(toDisk, measured("edgeToDisk", luaToDisk.name), cpuUs) : null;
    const tenants100kVsOne = manyTenants.manyVsOne;
    const rssGrowth = round3(rssAfter / rssBefore - 1);
    const errors = [...series.values()].flat().reduce((sum, { errors }) => sum + errors, manyTenants.errors);
    const detail: Figures = {
      ...Object.fromEntries([...series].map(([name, each]) => [name, summary(each)])),
      "tenants one": summary(manyTenants.one.rounds),
      "tenants many": summary(manyTenants.many.rounds),
    };
    const held =
      atLeast(eventsVsNginxLua, goals.events) &&
      atLeast(recommendationsVsNginxLua, goals.recommendations) &&
      (edgeToDiskCpuVsNginxLua === null || edgeToDiskCpuVsNginxLua < goals.edgeToDiskCpu) &&
      tenants100kVsOne >= goals.manyTenants &&
      rssGrowth <= goals.rssGrowth;
    return {
      // The short form is too small for its ratios to mean anything: there, everybody ran and nobody erred.
      ok: errors === 0 && (short || held),
      figures: {
        eventsVsNginxLua,
        recommendationsVsNginxLua,
        eventsVsHttpProxy: ratio(measured("ec1Events", "ours"), measured("ec1Events", "http-proxy"), perSecond),
        edgeToDiskCpuVsNginxLua,
        tenants100kVsOne,
        tenantPairs: manyTenants.pairs,
        rssGrowth,
        rssRequests,
        rssMb: Math.round(rssAfter / 2 ** 20),
        goals,
        errors,
        missing: installed.missing,
        sessions: sessionCount,
        requestsPerRound: requests,
        rounds,
        measured: detail,
        machine,
      },
    };
  },
});

/** Not measured, because the opponent could not be installed here, is not failed. */
function atLeast(figure: number | null, goal: number): boolean {
  return figure === null || figure >= goal;
}
