// The whole stack and the load on two cores: what one machine holds, and what each process costs a request.
import { execFileSync, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchContext, defineBench, type Figures } from "./bench.ts";
import { cpuNs } from "./gateway/cpu.ts";
import { describeMachine } from "./machine.ts";
import type { LoadPlan, LoadReport, LoadTenant } from "./onebox/plan.ts";
import { sessionKeysOf } from "./onebox/session-keys.ts";
import { Shop } from "./smoke/shop.ts";
import { shopItems, visits } from "./stack/small-shop.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { round3 } from "./stats.ts";

const eventsPerRequest = 5;
const goals = { loadHeld: 0.99, fallbackShare: 0.01 };

/** Of the load, for each Standard tenant, which keeps it within its limits; the Enterprise one carries the rest. */
const standardShare = 0.02;

export default defineBench({
  summary: "the whole stack and its load on two cores: 7,700 events and 1,500 recommendations a second",
  options: { seconds: { type: "string" }, scale: { type: "string" }, profile: { type: "string" } },
  async run(context) {
    const { short, options, log, cleanup } = context;
    if (process.platform !== "linux") throw new Error("this needs Linux");
    // Everything started from here on inherits it.
    if (cpus().length > 2) execFileSync("taskset", ["-a", "-p", "-c", "0,1", String(process.pid)], { stdio: "ignore" });
    const scale = Number(options.scale ?? (short ? 0.1 : 1));
    const seconds = Number(options.seconds ?? (short ? 10 : 120));
    const standardTenants = short ? 3 : 20;
    const directory = await mkdtemp(join(tmpdir(), "endcap-onebox-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));

    // One machine is all shoppers; each session still has its own limit.
    const env = { ENDCAP_GATEWAY_BROWSER_REQUESTS_PER_SECOND: "1000000", ENDCAP_GATEWAY_BROWSER_BURST: "1000000" };
    const stack = await startStack({ env: { ...env, ...profiled(options.profile) }, cleanup });
    const tenants = await openShops(stack, standardTenants, directory, log);
    const plan: LoadPlan = {
      port: Number(new URL(stack.ready.gatewayUrl).port),
      tenants,
      shoppers: Math.round(200_000 * scale),
      itemIds: shopItems(new Date().toISOString()).map(({ id }) => id),
      eventsPerRequest,
      eventRequests: 1_540 * scale,
      recommendations: 1_500 * scale,
      warmUpSeconds: short ? 2 : 10,
      seconds,
    };
    log(`${plan.eventRequests} event requests and ${plan.recommendations} recommendations a second, ${seconds} s`);
    const { report, cpuUs } = await load(stack, plan, context);
    const { events, recommendations } = report;

    const held = ({ answered, due }: { answered: number; due: number }) => answered / due;
    const loadHeld = round3(Math.min(held(events), held(recommendations)));
    const fallbackShare = round3(recommendations.fallbacks / Math.max(1, recommendations.due));
    const errors = events.errors + recommendations.errors;
    return {
      ok: short ? errors === 0 : errors === 0 && loadHeld >= goals.loadHeld && fallbackShare <= goals.fallbackShare,
      figures: {
        eventsPerSecond: Math.round((events.answered * eventsPerRequest) / seconds),
        recommendationsPerSecond: Math.round(recommendations.answered / seconds),
        ackMsP50: events.msP50,
        ackMsP99: events.msP99,
        recommendMsP50: recommendations.msP50,
        recommendMsP99: recommendations.msP99,
        errors,
        ...(errors > 0 && { errorsBy: { events: events.errorsBy, recommendations: recommendations.errorsBy } }),
        loadHeld,
        fallbackShare,
        cpuUs,
        goals,
        tenants: tenants.length,
        shoppers: plan.shoppers,
        seconds,
        scale,
        machine: await describeMachine(stack.ready.dataDir),
      },
    };
  },
});

/** Every process of the stack writes a CPU profile into the directory when it ends. */
function profiled(directory: unknown): Record<string, string> {
  if (typeof directory !== "string") return {};
  const given = process.env.NODE_OPTIONS ?? "";
  return { NODE_OPTIONS: `${given} --cpu-prof --cpu-prof-dir=${resolve(directory)}` };
}

/** One Enterprise tenant and `standard` Standard ones, each with a catalogue, a past and a model. */
async function openShops(
  stack: Stack,
  standard: number,
  directory: string,
  log: (line: string) => void,
): Promise<LoadTenant[]> {
  const opened: Omit<LoadTenant, "generation" | "sessionKey">[] = [];
  for (let n = 0; n <= standard; n++) {
    const origin = `https://shop-${n}.example`;
    const tier = n === 0 ? "enterprise" : "standard";
    const keys = await stack.createTenant(`shop-${n}`, { tier, origins: [origin] });
    const shop = new Shop(keys, stack.ready.gatewayUrl, origin);
    await shop.server.items.upsert(shopItems(new Date().toISOString()));
    for (const { type, data } of visits(n === 0 ? 2_000 : 200, Date.now(), n + 1)) shop.server.track(type, data);
    await shop.server.close();
    await stack.trainFor(keys.id);
    const share = n === 0 ? 1 - standard * standardShare : standardShare;
    opened.push({ id: keys.id, origin, publishable: keys.publishable, share });
  }
  log(`${opened.length} tenants are trained`);
  const { dataDir, url } = stack.ready;
  const ids = opened.map(({ id }) => id);
  const keys = await sessionKeysOf(dataDir, url, directory, ids);
  return opened.map((tenant) => {
    const { generation, key } = keys.get(tenant.id) ?? { generation: "", key: "" };
    return { ...tenant, generation, sessionKey: key };
  });
}

type Done = Extract<LoadReport, { state: "done" }>;

/** Runs the load; beside its report, the CPU time that each kind of process took for one of the requests it serves. */
async function load(
  stack: Stack,
  plan: LoadPlan,
  { cleanup }: BenchContext,
): Promise<{ report: Done; cpuUs: Figures }> {
  const child = fork(fileURLToPath(new URL("onebox/load-process.ts", import.meta.url)));
  cleanup(() => void child.kill());
  const pids = new Map<string, number[]>([["load", [child.pid ?? 0]]]);
  for (const { kind, pid } of await stack.processes()) {
    // PostgreSQL works in children that come and go, and on no shopper's path.
    if (pid !== undefined && kind !== "postgres") pids.set(kind, [...(pids.get(kind) ?? []), pid]);
  }
  const spent = () => new Map([...pids].map(([kind, own]) => [kind, cpuNs(own)]));
  const { promise, resolve, reject } = Promise.withResolvers<Done>();
  let before = spent();
  let after = before;
  child.on("message", (report: LoadReport) => {
    if (report.state === "warm") before = spent();
    else {
      after = spent();
      resolve(report);
    }
  });
  child.once("exit", () => reject(new Error("the load ended without a report")));
  child.send(plan);
  const report = await promise;
  const counts: Record<string, number> = {
    collector: report.events.due,
    ml: report.recommendations.due,
    recommender: report.recommendations.due,
  };
  const cpuUs = [...after].map(([kind, ns]): [string, number] => {
    const requests = counts[kind] ?? report.events.due + report.recommendations.due;
    return [kind, round3((ns - (before.get(kind) ?? 0)) / 1e3 / requests)];
  });
  return { report, cpuUs: Object.fromEntries(cpuUs) };
}
