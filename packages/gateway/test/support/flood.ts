import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Flood, FloodReport } from "./flood-process.ts";
import type { Shop } from "./tenants.ts";

export interface RunningFlood {
  /** Answers by status since it was last asked. */
  report(): Promise<FloodReport>;
  stop(): Promise<void>;
}

export const bearer = ({ sk }: Shop): string => `Bearer ${sk.id}.${sk.secret}`;

export async function startFlood(flood: Flood): Promise<RunningFlood> {
  const child: ChildProcess = fork(join(import.meta.dirname, "flood-process.ts"), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ask = async (message: Flood | "report") => {
    const answered = once(child, "message");
    child.send(message);
    return (await answered)[0] as FloodReport;
  };
  await ask(flood);
  return {
    report: () => ask("report"),
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
