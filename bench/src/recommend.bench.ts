// One tenant's recommender as a process over HTTP, at a fixed rate, while its shop lives: every request reads its shopper's
// events from lmdb. Beside it a bare Fastify route at the same rate, in interleaved rounds, and the path inside the process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { encodePrincipal, PRINCIPAL_HEADER } from "@endcap/protocol";
import { defineBench } from "./bench.ts";
import { startBare } from "./load/bare.ts";
import { type OpenLoop, openLoop } from "./load/open-loop.ts";
import { describeMachine } from "./machine.ts";
import { readClicks } from "./recommend/clicks.ts";
import type { FilterFigures } from "./recommend/filter-process.ts";
import { keepLively } from "./recommend/liveliness.ts";
import { measurePath } from "./recommend/path.ts";
import { requestsOf } from "./recommend/requests.ts";
import { serve } from "./recommend/serve.ts";
import { type BenchShop, makeShop } from "./recommend/shop.ts";
import { median, round3, spread } from "./stats.ts";

/** What the recommender promises on two shared cores. */
const msP99Max = 5;
const pathUsMax = { pathUsP50: 150, pathUsP90: 350, pathUsP99: 1_000 } as const;
const filterMsP99Max = 5;
const filteredCatalogue = 100_000;
const bodies = 20_000;
/** Until V8 has compiled what a request runs through; the first seconds stand in the figures as `cold`. */
const warmUpSeconds = 20;
/** Short: a service that nobody asks for ten seconds gives memory back, and a round would begin with its waking up. */
const bareSeconds = 3;
const answersMin = 0.98;

const middle = (rounds: readonly OpenLoop[], of: (round: OpenLoop) => number) => round3(median(rounds.map(of)));

function bodiesOf(shop: BenchShop): string[] {
  const made: string[] = [];
  for (const { shopper: _, ...request } of requestsOf(shop, 23)) {
    made.push(JSON.stringify(request));
    if (made.length === bodies) break;
  }
  return made;
}

async function measureFilter(requests: number): Promise<FilterFigures> {
  const script = fileURLToPath(new URL("recommend/filter-process.ts", import.meta.url));
  const child = fork(script, [String(filteredCatalogue), String(requests)], { stdio: ["ignore", 2, 2, "ipc"] });
  const ended = once(child, "exit");
  const [figures] = await Promise.race([once(child, "message"), ended.then(() => [undefined])]);
  await ended;
  if (figures === undefined) throw new Error("the filters were not measured");
  return figures as FilterFigures;
}

export default defineBench({
  summary: "one recommender over HTTP at a fixed rate, the path inside it, and a narrow filter over 100,000 items",
  options: {
    train: { type: "string" },
    rate: { type: "string", default: "1000" },
    rounds: { type: "string" },
    seconds: { type: "string" },
  },
  async run({ short, options, log, cleanup }) {
    const perSecond = Number(options.rate);
    const rounds = Number(options.rounds ?? (short ? 1 : 5));
    const seconds = Number(options.seconds ?? (short ? 3 : 10));
    const { source, sessions } = await readClicks(options.train as string | undefined, short);
    const shop = await makeShop({ sessions, shoppers: short ? 2_000 : 20_000, cleanup });
    log(`${source}: ${sessions.length} sessions, ${shop.items.length} items, ${shop.shoppers.length} shoppers`);
    const recommender = await serve(shop, cleanup);
    const bare = await startBare(cleanup);
    const ready = bodiesOf(shop);
    const principal = encodePrincipal({
      tenant: shop.tenant,
      env: "live",
      tier: "enterprise",
      scope: ["recommendations:read"],
      auth: "sk",
      key: "sk_live_bench",
    });
    const ask = async (origin: string, route: string, expected: number, forSeconds: number): Promise<OpenLoop> =>
      openLoop({
        origin,
        path: route,
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await shop.token()}`,
          [PRINCIPAL_HEADER]: principal,
        },
        bodies: ready,
        perSecond,
        seconds: forSeconds,
        expected,
      });
    const stopLiving = keepLively(shop);
    cleanup(stopLiving);
    const own: OpenLoop[] = [];
    const bareRounds: OpenLoop[] = [];
    const cold = await ask(recommender.url, "/internal/v1/recommend", 200, 3);
    if (!short) await ask(recommender.url, "/internal/v1/recommend", 200, warmUpSeconds);
    await ask(bare, "/", 202, bareSeconds);
    for (let round = 0; round < rounds; round++) {
      bareRounds.push(await ask(bare, "/", 202, bareSeconds));
      own.push(await ask(recommender.url, "/internal/v1/recommend", 200, seconds));
      log(`round ${round + 1} of ${rounds}: p99 ${own.at(-1)?.msP99} ms, bare ${bareRounds.at(-1)?.msP99} ms`);
    }
    await stopLiving();
    const path = await measurePath(shop, short ? 3_000 : 20_000);
    log(`path: ${path.pathUsP50} us at p50`);
    const filter = await measureFilter(short ? 100 : 1_000);
    log(`filter: ${filter.filterMsP50} ms at p50`);
    const errors = own.reduce((sum, round) => sum + round.errors, 0);
    const answered = middle(own, (round) => round.perSecond);
    const msP99 = middle(own, (round) => round.msP99);
    const held =
      answered >= perSecond * answersMin &&
      msP99 < msP99Max &&
      filter.filterMsP99 < filterMsP99Max &&
      Object.entries(pathUsMax).every(([name, max]) => path[name as keyof typeof pathUsMax] < max);
    return {
      // The short form runs beside other work, where a bound in milliseconds says nothing.
      ok: errors === 0 && filter.full && (short || held),
      figures: {
        requestsPerSecond: answered,
        msP50: middle(own, (round) => round.msP50),
        msP90: middle(own, (round) => round.msP90),
        msP99,
        msMax: middle(own, (round) => round.msMax),
        msP99Spread: round3(spread(own.map((round) => round.msP99))),
        errors,
        clientCpuUs: middle(own, (round) => round.clientCpuUs),
        ...path,
        ...filter,
        cold: { seconds: 3, msP50: cold.msP50, msP99: cold.msP99, msMax: cold.msMax },
        bare: {
          requestsPerSecond: middle(bareRounds, (round) => round.perSecond),
          msP50: middle(bareRounds, (round) => round.msP50),
          msP99: middle(bareRounds, (round) => round.msP99),
        },
        source,
        sessions: sessions.length,
        items: shop.items.length,
        rounds,
        seconds,
        machine: await describeMachine(shop.directory),
      },
    };
  },
});
