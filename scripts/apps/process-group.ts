import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program, and whatever it starts, that end together. */
export interface ProcessGroup extends AsyncDisposable {
  /** Everything it has printed so far. */
  readonly said: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  /** SIGTERM to all, SIGKILL when that does not help. */
  stop(): Promise<void>;
}

const stopMs = 10_000;

export function startGroup(command: string, args: readonly string[], cwd: string, env = {}): ProcessGroup {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_OPTIONS: "", ...env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, name);
    } catch (error) {
      // It was over already.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  };
  const stop = async () => {
    signal("SIGTERM");
    const timer = setTimeout(signal, stopMs, "SIGKILL");
    await ended;
    clearTimeout(timer);
  };
  return { said: () => said, ended, stop, [Symbol.asyncDispose]: stop };
}

/** Waits until `test` gives something; `undefined` when it does not within `ms`. */
export async function eventually<T>(test: () => T | undefined, ms: number): Promise<T | undefined> {
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const value = test();
    if (value !== undefined || Date.now() > end) return value;
  }
}
