/** One process under measurement, on a core of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "../bench.ts";
import { cpuNs, processTree } from "./cpu.ts";
import { listening } from "./ports.ts";

export interface EdgeProcess {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** CPU time so far, of the process and its children. */
  cpuNs(): number;
}

export interface EdgeCommand {
  readonly name: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly core: number;
  /** Where its standard output goes, as `<name>.log`. */
  readonly directory: string;
}

/** Starts the command and waits until its port answers. */
export async function startEdge(options: EdgeCommand, cleanup: (work: Cleanup) => void): Promise<EdgeProcess> {
  const { name, port, command, args, env, core, directory } = options;
  const log = openSync(join(directory, `${name}.log`), "w");
  const child = spawn("taskset", ["-c", String(core), command, ...args], {
    stdio: ["ignore", log, 2],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  cleanup(() => stop(child));
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal} before it was ready`);
  });
  await Promise.race([listening(port, name, 60_000), ended]);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  return { name, port, pid, cpuNs: () => cpuNs(processTree(pid)) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await exited;
  clearTimeout(timer);
}
