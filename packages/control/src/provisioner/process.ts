import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { EndcapError, isErrorCode } from "@endcap/protocol";
import type { ReadyMessage } from "@endcap/service-kit";
import { programOf } from "./programs.ts";
import type { ProcessSpec } from "./spec.ts";

export type ProcessState = "starting" | "ready" | "backoff" | "stopping" | "stopped";

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
  /** Settles at the first time it is ready. Rejects when it is stopped before that. */
  readonly firstReady: Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

export interface ManagedProcessOptions {
  readonly spec: ProcessSpec;
  readonly configFile: string;
  readonly logFile: string;
  readonly readyMsMax: number;
  /** Runs when the process listens, before it counts as ready: whoever needs its address is told here. */
  readonly onListening: (url: string) => Promise<void>;
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

/** Keeps one process running: starts it, waits for its word over IPC, and starts it again when it ends. */
export function manageProcess(options: ManagedProcessOptions): ManagedProcess {
  const { spec, now } = options;
  let child: ChildProcess | undefined;
  let state: ProcessState = "starting";
  let addresses: { url?: string; adminUrl?: string } = {};
  let fault: string | undefined;
  let startedAt = 0;
  let restarts = 0;
  let backoffMs = BACKOFF_MS_MIN;
  let retry: NodeJS.Timeout | undefined;
  let stopped: Promise<void> | undefined;
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => undefined); // whoever waits for it hears; nobody has to

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

  function start(): void {
    startedAt = now();
    const log = openSync(options.logFile, "a", 0o600);
    const { script, execArgv } = programOf(spec.program.packageName, spec.program.entry);
    const running = spawn(process.execPath, [...execArgv, script, "--config", options.configFile], {
      stdio: ["ignore", log, log, "ipc"],
      detached: true, // a group of its own: Ctrl-C on a terminal reaches control alone, which stops things in order
    });
    closeSync(log);
    child = running;
    become("starting");
    const late = setTimeout(() => {
      fault = `not ready within ${options.readyMsMax} ms`;
      running.kill("SIGKILL");
    }, options.readyMsMax);
    running.on("message", (message: ReadyMessage) => {
      clearTimeout(late);
      if (message.ready) {
        addresses = { url: message.url, adminUrl: message.adminUrl };
        options.onListening(message.url).then(
          () => {
            if (child !== running || stopped !== undefined) return;
            fault = undefined;
            become("ready");
            first.resolve();
          },
          (error: unknown) => {
            fault = `its address could not be recorded: ${String(error)}`;
            running.kill("SIGKILL"); // the next start tries again
          },
        );
      } else {
        fault = message.message;
        if (restarts === 0 && isErrorCode(message.code) && isHopeless(message.code)) {
          first.reject(new EndcapError(message.code, { detail: message.message }));
        }
      }
    });
    running.on("error", (error) => {
      fault = error.message; // it could not be started at all; "exit" does not follow
      if (running.pid === undefined) ended(late);
    });
    running.on("exit", (code, signal) => {
      fault ??= signal === null ? `exit code ${code}` : `killed by ${signal}`;
      ended(late);
    });
  }

  function ended(late: NodeJS.Timeout): void {
    clearTimeout(late);
    child = undefined;
    addresses = {};
    if (stopped !== undefined) return;
    backoffMs = now() - startedAt > SETTLED_MS ? BACKOFF_MS_MIN : Math.min(backoffMs * 2, BACKOFF_MS_MAX);
    restarts += 1;
    if (restarts >= FIRST_STARTS_MAX) {
      first.reject(
        new EndcapError("not_ready", { detail: `${spec.name} does not start: ${fault} (${options.logFile})` }),
      );
    }
    become("backoff");
    retry = setTimeout(start, backoffMs);
  }

  async function stop(graceMs: number): Promise<void> {
    clearTimeout(retry);
    first.reject(new EndcapError("draining", { detail: `${spec.name} was stopped before it was ready.` }));
    const running = child;
    become("stopping");
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const exit = new Promise<void>((resolve) => running.once("exit", () => resolve()));
      running.kill("SIGTERM");
      const kill = setTimeout(() => running.kill("SIGKILL"), graceMs);
      await exit;
      clearTimeout(kill);
    }
    become("stopped");
  }

  start();
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

/** Faults that a restart does not mend: whoever waits for the first start should hear at once. */
function isHopeless(code: string): boolean {
  return code === "port_in_use" || code === "config_invalid";
}
