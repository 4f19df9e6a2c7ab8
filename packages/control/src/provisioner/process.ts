import { setTimeout as delay } from "node:timers/promises";
import { EndcapError, type ErrorCode } from "@endcap/protocol";
import type { ServiceAddress } from "@endcap/service-kit";
import { type Child, type ChildFiles, startChild } from "./child.ts";
import type { ProcessSpec } from "./spec.ts";
import type { StartGate } from "./start-gate.ts";

/** `hibernating`: stopped because nobody asked it anything, until somebody does. */
export type ProcessState = "starting" | "ready" | "backoff" | "stopping" | "stopped" | "hibernating";

export interface ProcessView {
  readonly name: string;
  readonly kind: ProcessSpec["kind"];
  readonly tenantId?: string;
  readonly state: ProcessState;
  readonly pid?: number;
  readonly url?: string;
  readonly adminUrl?: string;
  readonly startedAt?: string;
  readonly restarts: number;
  /** Why it is not ready, in the process's own words. */
  readonly fault?: string;
}

export interface ManagedProcess {
  readonly view: ProcessView;
  /** Settles at the first time it is ready. Rejects when it never can be, or is stopped before. */
  readonly firstReady: Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

export interface ManagedProcessOptions {
  readonly spec: ProcessSpec;
  readonly files: ChildFiles;
  readonly readyMsMax: number;
  readonly gate: StartGate;
  /** Runs when the process listens, before it counts as ready: whoever needs its address is told here. */
  readonly onListening: (url: string) => Promise<void>;
  /** Runs each time it says that nobody asks it anything. */
  readonly onIdle: () => void;
  /** Runs at every change of state. */
  readonly onState: (view: ProcessView) => void;
  readonly now: () => number;
}

const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 10_000;
/** A process that stayed up this long failed for a new reason: it is restarted at once. */
const SETTLED_MS = 30_000;
/** Failed starts after which whoever waits for the first one is told; the process is tried on. */
const FIRST_STARTS_MAX = 3;
/** Faults that a restart does not mend: whoever waits for the first start should hear at once. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["port_in_use", "config_invalid"]);

/** Keeps one process running: starts it, waits for its word over IPC, and starts it again when it ends. */
export function manageProcess(options: ManagedProcessOptions): ManagedProcess {
  const { spec, now } = options;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => undefined); // whoever waits for it hears; nobody has to
  let child: Child | undefined;
  let state: ProcessState = "starting";
  let addresses: Partial<ServiceAddress> = {};
  let fault: string | undefined;
  let startedAt = 0;
  let restarts = 0;

  const view = (): ProcessView => ({
    name: spec.name,
    kind: spec.kind,
    ...(spec.tenantId !== undefined && { tenantId: spec.tenantId }),
    state,
    ...(child?.pid !== undefined && { pid: child.pid }),
    ...addresses,
    ...(startedAt > 0 && { startedAt: new Date(startedAt).toISOString() }),
    restarts,
    ...(fault !== undefined && { fault }),
  });

  function become(next: ProcessState): void {
    state = next;
    options.onState(view());
  }

  async function live(): Promise<void> {
    for (let backoffMs = BACKOFF_MS_MIN; !stopping.signal.aborted; ) {
      await runOnce();
      if (stopping.signal.aborted) return;
      restarts += 1;
      if (restarts >= FIRST_STARTS_MAX) {
        const detail = `${spec.name} does not start: ${fault} (${options.files.log})`;
        first.reject(new EndcapError("not_ready", { detail }));
      }
      backoffMs = now() - startedAt > SETTLED_MS ? BACKOFF_MS_MIN : Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      become("backoff");
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** From the start of a child to its end. Never rejects: what went wrong is in `fault`. */
  async function runOnce(): Promise<void> {
    const leave = await options.gate.enter();
    try {
      if (stopping.signal.aborted) return;
      startedAt = now();
      child = startChild(spec, options.files);
      child.onIdle(options.onIdle);
      become("starting");
      await reach(child);
    } catch (error) {
      fault = error instanceof EndcapError ? (error.detail ?? error.message) : String(error);
      if (restarts === 0 && error instanceof EndcapError && HOPELESS.has(error.code)) first.reject(error);
      child?.kill("SIGKILL");
    } finally {
      leave();
    }
    const how = await child?.exited;
    fault ??= how;
    child = undefined;
    addresses = {};
  }

  /** Until it listens and those who need its address know it. */
  async function reach(running: Child): Promise<void> {
    const late = AbortSignal.timeout(options.readyMsMax);
    const tooLate = Promise.withResolvers<never>();
    late.addEventListener("abort", () => {
      tooLate.reject(new EndcapError("not_ready", { detail: `not ready within ${options.readyMsMax} ms` }));
    });
    tooLate.promise.catch(() => undefined);
    const listening = await Promise.race([running.ready, tooLate.promise]);
    addresses = listening;
    await options.onListening(listening.url);
    if (stopping.signal.aborted) return;
    fault = undefined;
    become("ready");
    first.resolve();
  }

  async function stop(graceMs: number): Promise<void> {
    stopping.abort();
    first.reject(new EndcapError("draining", { detail: `${spec.name} was stopped before it was ready.` }));
    become("stopping");
    child?.kill("SIGTERM");
    const kill = setTimeout(() => child?.kill("SIGKILL"), graceMs);
    await life;
    clearTimeout(kill);
    become("stopped");
  }

  let stopped: Promise<void> | undefined;
  const life = live();
  return {
    get view() {
      return view();
    },
    firstReady: first.promise,
    stop(graceMs) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
