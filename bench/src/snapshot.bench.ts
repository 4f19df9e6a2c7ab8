// What a hundred thousand tenants cost a gateway besides time per request (which `gateway` compares): memory, the load of
// the snapshot from control and from disk, and how soon a revocation or a moved route is in force. One tenant is the baseline.
import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ENVELOPE_CONTENT_TYPE, type SnapshotUpstream, signedBody } from "@endcap/protocol";
import { request } from "undici";
import { type Cleanup, defineBench } from "./bench.ts";
import { rssBytes } from "./gateway/cpu.ts";
import type { EdgeProcess } from "./gateway/edge-process.ts";
import { startGatewayUnder, writeGroupKeys } from "./gateway/our-gateway.ts";
import { portOf } from "./gateway/ports.ts";
import { type BenchShop, newBenchShop, sessionMaker, sessionSource } from "./gateway/shops.ts";
import { type SnapshotControl, startSnapshotControl } from "./gateway/snapshot-control.ts";
import { answerParts } from "./load/answer-parts.ts";
import { describeMachine } from "./machine.ts";
import { median, quantile, round3 } from "./stats.ts";

const many = 100_000;
const gatewayCount = 2;
/** In force everywhere, at the 99th percentile. */
const goalMs = 1_000;
const changeEveryMs = 250;
const pauseMs = 5;

interface House {
  readonly tenants: number;
  readonly control: SnapshotControl;
  readonly gateways: readonly EdgeProcess[];
  readonly figures: { readonly rssMb: number; readonly startFromControlMs: number; readonly fileMb: number };
  readonly revocationMs: number[];
  readonly routeMs: number[];
  /** Of a request that is answered by the gateway alone, sent every few ms while changes come in. */
  readonly probeMs: number[];
}

export default defineBench({
  summary: "100,000 tenants against one: memory, snapshot load, and how soon a revocation or a moved route is in force",
  options: { tenants: { type: "string" }, changes: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    const count = Number(options.tenants ?? (short ? many / 20 : many));
    const changes = Number(options.changes ?? (short ? 10 : 100));
    const rounds = short ? 1 : 5;
    const directory = await mkdtemp(join(tmpdir(), "endcap-snapshot-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const machine = await describeMachine(directory);
    const keys = writeGroupKeys(directory);
    const stops: Cleanup[] = [];
    const stopAll = async () => {
      for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
    };
    cleanup(stopAll);
    const places = [await startPlace("old", cleanup), await startPlace("new", cleanup)] as const;
    const shops = Array.from({ length: count }, (_, n) => withRecommender(newBenchShop(n)));
    // In the middle, so that a search from either end would show.
    const shop = shops[count >> 1] as BenchShop;

    const upstreamsOf = (all: readonly BenchShop[]): SnapshotUpstream[] => [
      ...upstreamsAt(places[0]),
      ...all.map(({ tenant: { id } }): SnapshotUpstream => ({ ...recommender(id), url: places[0].url })),
    ];

    async function open(name: string, all: readonly BenchShop[]): Promise<House> {
      mkdirSync(join(directory, name));
      const control = await startSnapshotControl(join(directory, name), all, upstreamsOf(all), cleanup);
      const start = async (n: number): Promise<{ gateway: EdgeProcess; ms: number }> => {
        const node = `${name}-${n}`;
        mkdirSync(join(directory, node), { recursive: true });
        const began = performance.now();
        const cleanupHere = (stop: Cleanup) => void stops.push(stop);
        const gateway = await startGatewayUnder(control, {
          name: node,
          directory,
          keys,
          core: n % 2,
          cleanup: cleanupHere,
        });
        return { gateway, ms: performance.now() - began };
      };
      const first = await start(0);
      const file = join(directory, `${name}-0`, "snapshot.json");
      await until(() => sizeOf(file) > 0);
      const rest = await Promise.all(Array.from({ length: gatewayCount - 1 }, (_, n) => start(n + 1)));
      const gateways = [first, ...rest].map(({ gateway }) => gateway);
      await sleep(2_000);
      const [{ pid }] = gateways as [EdgeProcess];
      const figures = { rssMb: rssBytes(pid) / 2 ** 20, startFromControlMs: first.ms, fileMb: sizeOf(file) / 2 ** 20 };
      return { tenants: all.length, control, gateways, figures, revocationMs: [], routeMs: [], probeMs: [] };
    }

    /** A start with control down: what is on disk is all there is. */
    async function startFromDisk(name: string): Promise<number> {
      const control = { url: "http://127.0.0.1:1", publicKeyFile: join(directory, name, "snapshot.pub.pem") };
      const began = performance.now();
      const cleanupHere = (stop: Cleanup) => void stops.push(stop);
      await startGatewayUnder(control, { name: `${name}-0`, directory, keys, core: 0, cleanup: cleanupHere });
      return performance.now() - began;
    }

    /** Pushes the change, and says for each gateway after how many milliseconds it was in force. */
    async function pushed(
      { control, gateways }: House,
      change: Parameters<SnapshotControl["push"]>[0],
      inForce: (code: string | undefined) => boolean,
    ): Promise<number[]> {
      const began = performance.now();
      control.push(change);
      return Promise.all(
        gateways.map(async ({ port }) => {
          await until(async () => inForce(await answerTo(port, shop)));
          return performance.now() - began;
        }),
      );
    }

    async function change(house: House, round: number): Promise<void> {
      const revoked = (code: string | undefined) => code === "session_revoked";
      house.revocationMs.push(...(await pushed(house, { shops: [withoutPage(shop)] }, revoked)));
      await pushed(house, { shops: [shop] }, (code) => !revoked(code));
      const to = places[(round + 1) % 2] as Place;
      house.routeMs.push(...(await pushed(house, { upstreams: upstreamsAt(to) }, (code) => code === to.name)));
    }

    async function measure(house: House, count: number): Promise<void> {
      const [{ port }] = house.gateways as [EdgeProcess];
      const probing = new AbortController();
      const probes = (async () => {
        while (!probing.signal.aborted) {
          const sentAt = performance.now();
          await (await request(`http://127.0.0.1:${port}/healthz`)).body.dump();
          house.probeMs.push(performance.now() - sentAt);
          await sleep(pauseMs);
        }
      })();
      try {
        for (let round = 0; round < count; round++) {
          await change(house, round);
          await sleep(changeEveryMs);
        }
      } finally {
        probing.abort();
        await probes;
      }
    }

    const houses = { one: await open("one", [shop]), many: await open("many", shops) };
    log("both are up");
    for (let n = 0; n < rounds; n++) {
      for (const house of Object.values(houses)) await measure(house, changes / rounds);
      log(`round ${n + 1} of ${rounds}`);
    }
    await stopAll();
    for (const house of Object.values(houses)) house.control.stop();
    const fromDiskMs: Record<string, number[]> = { one: [], many: [] };
    for (let n = 0; n < rounds; n++) {
      for (const [name, ms] of Object.entries(fromDiskMs)) {
        ms.push(await startFromDisk(name));
        await stopAll();
      }
    }

    const figuresOf = (name: keyof typeof houses) => {
      const { figures, revocationMs, routeMs, probeMs } = houses[name];
      const loaded = { ...figures, startFromDiskMs: median(fromDiskMs[name] ?? []) };
      return {
        tenants: houses[name].tenants,
        ...Object.fromEntries(Object.entries(loaded).map(([key, value]) => [key, round3(value)])),
        ...quantiles("revocationMs", revocationMs),
        ...quantiles("routeMs", routeMs),
        ...quantiles("probeMs", probeMs),
      };
    };
    const [one, crowd] = [figuresOf("one"), figuresOf("many")];
    const inForceMsP99 = Math.max(
      ...[houses.one, houses.many].flatMap((house) => [p99(house.revocationMs), p99(house.routeMs)]),
    );
    return {
      ok: inForceMsP99 < goalMs,
      figures: {
        inForceMsP99: round3(inForceMsP99),
        bytesPerTenant: Math.round(((houses.many.figures.rssMb - houses.one.figures.rssMb) * 2 ** 20) / count),
        one,
        many: crowd,
        gateways: gatewayCount,
        changes,
        goalMs,
        machine,
      },
    };
  },
});

const p99 = (values: readonly number[]) => quantile(values, 0.99);

const quantiles = (name: string, values: readonly number[]) => ({
  [`${name}P50`]: round3(quantile(values, 0.5)),
  [`${name}P99`]: round3(p99(values)),
  [`${name}Max`]: round3(quantile(values, 1)),
});

/** An upstream that says which of the two it is. */
interface Place {
  readonly name: string;
  readonly url: string;
}

async function startPlace(name: string, cleanup: (work: Cleanup) => void): Promise<Place> {
  // The gateway hands a refusal's code on, so that two places can be told apart without an answer that is a list.
  const code = name === "old" ? "item_not_found" : "import_not_found";
  const problem = JSON.stringify({ type: "t", title: "t", status: 404, code });
  const server = createServer((incoming, answer) =>
    answerParts(incoming, answer, () => ({ status: 404, json: problem })),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  return { name: code, url: `http://127.0.0.1:${portOf(server)}` };
}

const upstreamsAt = ({ url }: Place): SnapshotUpstream[] => [
  { id: "collector", kind: "collector", url },
  { id: "ml", kind: "ml", url },
];

const recommender = (tenant: string) => ({ id: `recommender.${tenant}`, kind: "recommender" }) as const;

/** Each tenant has one of its own, as it has under control. */
function withRecommender(shop: BenchShop): BenchShop {
  const { tenant } = shop;
  return { ...shop, tenant: { ...tenant, routes: { ...tenant.routes, recommender: recommender(tenant.id).id } } };
}

function withoutPage(shop: BenchShop): BenchShop {
  const keys = shop.tenant.keys.filter(({ id }) => id !== shop.publishable);
  return { ...shop, tenant: { ...shop.tenant, keys } };
}

/** The code that a list of the shop's is refused with: the place's own, or the gateway's. */
async function answerTo(port: number, shop: BenchShop): Promise<string | undefined> {
  const now = Date.now();
  const { origin, token, signingKey } = sessionMaker(sessionSource(shop))(now);
  const path = "/v1/recommendations";
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { origin, "content-type": ENVELOPE_CONTENT_TYPE },
    body: signedBody(token, signingKey, "POST", path, now, "{}"),
  });
  return ((await answer.body.json()) as { code?: string }).code;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function until(condition: () => boolean | Promise<boolean>, msMax = 60_000): Promise<void> {
  const end = performance.now() + msMax;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error("it never came");
    await new Promise(setImmediate);
  }
}
