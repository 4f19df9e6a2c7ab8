import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EndcapError } from "@endcap/protocol";
import { type ReadyMessage, type Runnable, type ServiceAddress, stdoutLog } from "@endcap/service-kit";
import type { GatewayConfig } from "../config.ts";

/** Tells a worker which one it is: the same for whoever takes the place of one that died. */
const placeVariable = "ENDCAP_WORKER";

/** A worker that died is replaced after this long, and after twice as long each time it dies before it was ready. */
const restartMsMin = 250;
const restartMsMax = 10_000;

/** What this process is, when it is a worker: its place and its configuration. */
export function asWorker(
  config: GatewayConfig,
): { readonly worker: number; readonly config: GatewayConfig } | undefined {
  const place = process.env[placeVariable];
  if (!cluster.isWorker || place === undefined) return undefined;
  const worker = Number(place);
  return { worker, config: { ...config, adminPort: config.adminPort === 0 ? 0 : config.adminPort + worker } };
}

/**
 * Several gateways behind one port on one machine: this process hands connections out and holds nothing, each worker is a
 * whole gateway with limits by its part. One that dies is replaced; its clients' connections break, nobody else's do.
 */
export function createWorkers(config: GatewayConfig): Runnable {
  const log = stdoutLog("gateway", config.logLevel);
  const places = new Map<number, Worker>();
  let closing = false;

  /** @throws EndcapError what the worker could not start for */
  async function fork(place: number): Promise<ServiceAddress> {
    const worker = cluster.fork({ [placeVariable]: String(place) });
    places.set(place, worker);
    const told = once(worker, "message").then(([message]) => message as ReadyMessage);
    const ended = once(worker, "exit").then((): ReadyMessage => {
      return { ready: false, code: "internal", message: `worker ${place} ended before it was ready` };
    });
    const message = await Promise.race([told, ended]);
    if (!message.ready) throw new EndcapError("config_invalid", { internal: message.message });
    worker.once("exit", (code, signal) => {
      if (closing) return;
      log.error({ worker: place, code, signal }, "a worker ended and is replaced");
      void replace(place);
    });
    return message;
  }

  async function replace(place: number): Promise<void> {
    for (let ms = restartMsMin; !closing; ms = Math.min(2 * ms, restartMsMax)) {
      await sleep(ms, undefined, { ref: false });
      if (closing) return;
      try {
        await fork(place);
        log.info({ worker: place }, "a worker was replaced");
        return;
      } catch (error) {
        log.error({ worker: place, err: error }, "a worker could not be replaced");
      }
    }
  }

  return {
    log,
    async listen() {
      // Our own way to say that we are ready is not the workers'.
      const args = process.argv.slice(2);
      const at = args.indexOf("--ready-fd");
      cluster.setupPrimary({ args: at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)] });
      // The first alone: it makes the keys that the others find, and is the one to say what is wrong with a configuration.
      const first = await fork(0);
      await Promise.all(Array.from({ length: config.workers - 1 }, (_, n) => fork(n + 1)));
      return first;
    },
    async close() {
      closing = true;
      const alive = [...places.values()].filter((worker) => !worker.isDead());
      const exits = alive.map((worker) => once(worker, "exit"));
      for (const worker of alive) worker.process.kill("SIGTERM");
      const codes = (await Promise.all(exits)).map(([code]) => code as number | null);
      if (codes.some((code) => code !== 0)) throw new Error(`workers ended with ${codes.join(", ")}`);
    },
  };
}
