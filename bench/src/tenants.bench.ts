// 100,000 tenants beside one: CPU of a request, at first sight and later.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { defineBench } from "./bench.ts";
import { startConstantUpstreams } from "./gateway/constant-upstreams.ts";
import { compareTenants, type Side } from "./gateway/many-tenants.ts";
import { summary } from "./gateway/measure.ts";
import { installOpponents } from "./gateway/opponents.ts";
import { writeGroupKeys } from "./gateway/our-gateway.ts";
import { describeMachine } from "./machine.ts";

const [gatewayCore, loadCore] = [0, 1];
const goal = 0.95;

export default defineBench({
  summary: "a gateway with 100,000 tenants beside one with a single tenant: CPU of a request, at first sight and later",
  options: {
    pairs: { type: "string" },
    warmUps: { type: "string" },
    rounds: { type: "string" },
    requests: { type: "string" },
  },
  async run({ short, options, log, cleanup }) {
    if (process.platform !== "linux" || cpus().length < 2) throw new Error("this needs Linux and two cores");
    installOpponents(log);
    const pairs = Number(options.pairs ?? (short ? 1 : 5));
    const warmUps = Number(options.warmUps ?? (short ? 1 : 60));
    const rounds = Number(options.rounds ?? (short ? 1 : 30));
    const requests = Number(options.requests ?? (short ? 3_000 : 2_000));
    const [tenants, sessions] = short ? [2_000, 1_000] : [100_000, 12_000];
    // Control's desk for usage is in this process, and not where the gateway is measured.
    execFileSync("taskset", ["-a", "-p", "-c", String(loadCore), String(process.pid)], { stdio: "ignore" });
    const directory = await mkdtemp(join(tmpdir(), "endcap-tenants-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const machine = await describeMachine(directory);

    const constants = await startConstantUpstreams({ directory, core: loadCore, cleanup });
    const upstreamPorts = { collector: constants.coalesced, ml: constants.constant };
    const place = { directory, keys: writeGroupKeys(directory), upstreamPorts, core: gatewayCore };
    const result = await compareTenants({
      place,
      loadCore,
      tenants,
      sessions,
      pairs,
      warmUps,
      rounds,
      requests,
      log,
      cleanup,
    });
    const { manyVsOne, errors } = result;
    const figuresOf = ({ rounds: of, firstSightCpuUs }: Side) => ({ ...summary(of), firstSightCpuUs });
    return {
      // The short form is too small for its ratio to mean anything: there, both served.
      ok: errors === 0 && (short || manyVsOne >= goal),
      figures: {
        manyVsOne,
        goal,
        pairs: result.pairs,
        one: figuresOf(result.one),
        many: figuresOf(result.many),
        tenants,
        sessions,
        requestsPerRound: requests,
        roundsPerPair: rounds,
        errors,
        machine,
      },
    };
  },
});
