import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { EndcapError } from "@endcap/protocol";
import type { DataDir } from "../data-dir.ts";
import type { Log } from "../log.ts";
import type { Tenant } from "../tenants/model.ts";
import { type LogRecord, type LogTail, tailLog } from "./log-tail.ts";
import { type ManagedProcess, manageProcess, type ProcessView } from "./process.ts";
import type { ProcessSpec } from "./spec.ts";
import { createStartGate } from "./start-gate.ts";

/** What must be there, as the database says it. */
export interface DesiredState {
  readonly tenants: readonly Tenant[];
  readonly processes: readonly ProcessSpec[];
}

export interface ProvisionerOptions {
  readonly dataDir: DataDir;
  readonly readyMsMax: number;
  readonly log: Log;
  readonly now: () => number;
  readonly desired: () => Promise<DesiredState>;
  /** Runs when a process listens at an address, before anybody is told that it is ready. */
  readonly onListening: (spec: ProcessSpec, url: string) => Promise<void>;
  /**
   * Sends the requests for a process that is about to hibernate to where they wake it. When it settles, none goes to the
   * process any more; when it rejects, all go there as before.
   */
  readonly onHibernate: (spec: ProcessSpec, url: string) => Promise<void>;
  /** The last steps of a tenant's deletion, when none of its processes is left. */
  readonly onGone: (tenant: Tenant) => Promise<void>;
}

export interface Provisioner {
  /** Compares desired with actual and mends the difference. Calls that meet share a run. */
  reconcile(): Promise<void>;
  /** Resolves when the process has been ready once; rejects with its fault when it never can be. */
  ready(name: string): Promise<void>;
  /** Resolves to where the process listens, starting it again if it hibernates. Throws `not_ready`. */
  wake(name: string): Promise<string>;
  readonly processes: readonly ProcessView[];
  /** Orderly: the edge first, what it needs after it, the writers of data last. */
  stop(): Promise<void>;
}

/** The three shared processes wait for each other's files and sockets more than for a core. */
const STARTS_AT_ONCE_MIN = 3;
const RECONCILE_MS = 5_000;
const STOP_GRACE_MS = 3_000;
const STOP_ORDER = ["gateway", "ml", "recommender", "collector"] as const;
const LEVEL_WARN = 40;

export function createProvisioner(options: ProvisionerOptions): Provisioner {
  const { dataDir, log } = options;
  const running = new Map<string, { spec: ProcessSpec; process: ManagedProcess; tail: LogTail }>();
  const gate = createStartGate(Math.max(STARTS_AT_ONCE_MIN, availableParallelism()));
  /** Processes that hibernate or are about to: what they are, and the end of the process. */
  const resting = new Map<string, { readonly spec: ProcessSpec; readonly ended: Promise<void> }>();
  let current: Promise<void> | undefined;
  let again = false;
  let stopping = false;

  function start(spec: ProcessSpec): void {
    const node = join(dataDir.nodes, spec.name);
    mkdirSync(node, { recursive: true, mode: 0o700 });
    const configFile = join(node, "config.json");
    writeFileSync(configFile, `${JSON.stringify(spec.config, null, 2)}\n`, { mode: 0o600 });
    const logFile = join(dataDir.logs, `${spec.name}.log`);
    const tail = tailLog(logFile, LEVEL_WARN, (record) => forward(spec.name, record));
    const process = manageProcess({
      spec,
      files: { config: configFile, log: logFile, compiled: join(dataDir.cache, "compiled") },
      readyMsMax: options.readyMsMax,
      gate,
      now: options.now,
      onListening: (url) => options.onListening(spec, url),
      onIdle: () => hibernate(spec.name),
      onState(view) {
        log.debug({ process: view.name, state: view.state, fault: view.fault }, "process changed state");
        if (view.state === "backoff")
          log.warn({ process: view.name, fault: view.fault }, "process ended, starting it again");
      },
    });
    running.set(spec.name, { spec, process, tail });
  }

  function forward(name: string, { level, msg, time: _time, ...fields }: LogRecord): void {
    if (level >= 50) log.error({ process: name, ...fields }, msg);
    else log.warn({ process: name, ...fields }, msg);
  }

  async function end(name: string): Promise<void> {
    const entry = running.get(name);
    if (entry === undefined) return;
    await entry.process.stop(STOP_GRACE_MS);
    entry.tail.close();
    running.delete(name);
  }

  function hibernate(name: string): void {
    const entry = running.get(name);
    const url = entry?.process.view.url;
    if (stopping || entry?.spec.hibernates === undefined || url === undefined || resting.has(name)) return;
    const { spec } = entry;
    const ended = options.onHibernate(spec, url).then(
      () => end(name),
      (error: unknown) => {
        log.warn({ err: error, process: name }, "it was to hibernate and stays awake");
        resting.delete(name);
      },
    );
    resting.set(name, { spec, ended });
    ended.then(
      () => log.info({ process: name }, "nobody asks it anything: it hibernates"),
      (error: unknown) => log.error({ err: error, process: name }, "it could not be stopped"),
    );
  }

  async function wake(name: string): Promise<string> {
    const rest = resting.get(name);
    await rest?.ended;
    if (rest !== undefined && resting.get(name) === rest && !stopping) {
      resting.delete(name); // in the same turn as the start: however many ask, one starts it
      start(rest.spec);
    }
    const process = running.get(name)?.process;
    await process?.firstReady;
    const url = process?.view.url;
    if (url === undefined) throw new EndcapError("not_ready", { internal: `${name} is not there` });
    return url;
  }

  /** A tenant that has gone, or whose tier no longer hibernates. */
  async function disturb(wanted: ReadonlyMap<string, ProcessSpec>): Promise<void> {
    for (const [name, { ended }] of [...resting]) {
      const spec = wanted.get(name);
      if (spec?.hibernates) continue;
      await ended;
      resting.delete(name);
    }
  }

  async function mend(): Promise<void> {
    const { tenants, processes } = await options.desired();
    if (stopping) return;
    const wanted = new Map(processes.map((spec) => [spec.name, spec]));
    await disturb(wanted);
    const surplus = [...running.keys()].filter((name) => !wanted.has(name));
    await Promise.all(surplus.map(end));
    for (const spec of wanted.values()) {
      if (!running.has(spec.name) && !resting.has(spec.name)) start(spec);
    }
    for (const tenant of tenants) {
      if (tenant.state !== "deleting") continue;
      try {
        await options.onGone(tenant);
      } catch (error) {
        log.error({ err: error, tenant: tenant.id }, "the tenant could not be removed yet");
      }
    }
  }

  async function run(): Promise<void> {
    try {
      do {
        again = false;
        await mend();
      } while (again && !stopping);
    } finally {
      current = undefined; // in the same turn as the last look at `again`: no change falls between
    }
  }

  function reconcile(): Promise<void> {
    if (stopping) return Promise.resolve();
    again = true; // a change during a run needs another look
    current ??= run();
    return current;
  }

  const timer = setInterval(() => {
    reconcile().catch((error: unknown) => log.error({ err: error }, "reconciling failed"));
  }, RECONCILE_MS);

  return {
    reconcile,
    async ready(name) {
      await running.get(name)?.process.firstReady;
    },
    wake,
    get processes() {
      const asleep = [...resting].filter(([name]) => !running.has(name));
      return [
        ...[...running.values()].map(({ process }) => process.view),
        ...asleep.map(([, { spec }]): ProcessView => {
          const { name, kind, tenantId } = spec;
          return { name, kind, ...(tenantId !== undefined && { tenantId }), state: "hibernating", restarts: 0 };
        }),
      ];
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      await current?.catch(() => undefined);
      await Promise.allSettled([...resting.values()].map(({ ended }) => ended));
      for (const kind of STOP_ORDER) {
        const names = [...running.values()].filter(({ spec }) => spec.kind === kind).map(({ spec }) => spec.name);
        await Promise.all(names.map(end));
      }
    },
  };
}
