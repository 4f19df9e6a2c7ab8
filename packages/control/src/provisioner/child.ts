import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import { EndcapError, isErrorCode } from "@endcap/protocol";
import type { IdleMessage, ReadyMessage, ServiceAddress } from "@endcap/service-kit";
import { programOf } from "./programs.ts";
import type { ProcessSpec } from "./spec.ts";

export interface Child {
  readonly pid: number | undefined;
  /** Where it listens, by its own word; rejects with its fault, or when it ends without a word. */
  readonly ready: Promise<ServiceAddress>;
  /** How it ended, in words. */
  readonly exited: Promise<string>;
  /** Runs each time it says that nobody asks it anything. */
  onIdle(listener: () => void): void;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildFiles {
  readonly config: string;
  readonly log: string;
  /** Directory in which Node keeps compiled code: the next start of the same program takes about half the time. */
  readonly compiled: string;
}

/** Starts a service's program with its configuration file, its output appended to its log. */
export function startChild(spec: ProcessSpec, files: ChildFiles): Child {
  const { script, execArgv, env } = programOf(spec.program.packageName, spec.program.entry);
  const log = openSync(files.log, "a", 0o600);
  const child = spawn(process.execPath, [...execArgv, script, "--config", files.config], {
    env: { ...process.env, ...env, NODE_COMPILE_CACHE: files.compiled },
    stdio: ["ignore", log, log, "ipc"],
    detached: true, // a group of its own: Ctrl-C on a terminal reaches control alone, which stops things in order
  });
  closeSync(log);
  const ready = Promise.withResolvers<ServiceAddress>();
  ready.promise.catch(() => undefined); // told again by `exited`
  const exited = Promise.withResolvers<string>();
  const idle = new EventEmitter();
  child.on("message", (message: ReadyMessage | IdleMessage) => {
    if ("idle" in message) idle.emit("idle");
    else if (message.ready) ready.resolve({ url: message.url, adminUrl: message.adminUrl });
    else {
      const code = isErrorCode(message.code) ? message.code : "internal";
      ready.reject(new EndcapError(code, { detail: message.message }));
    }
  });
  child.once("error", (error) => {
    if (child.pid === undefined) exited.resolve(error.message); // it could not be started at all: no "exit" follows
  });
  child.once("exit", (code, signal) => {
    exited.resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`);
  });
  void exited.promise.then((how) => ready.reject(new EndcapError("not_ready", { detail: how })));
  return {
    pid: child.pid,
    ready: ready.promise,
    exited: exited.promise,
    onIdle: (listener) => void idle.on("idle", listener),
    kill: (signal) => child.kill(signal),
  };
}
