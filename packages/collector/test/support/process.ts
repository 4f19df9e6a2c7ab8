import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Collector, clientOf, type House } from "./collector.ts";

export interface CollectorProcess extends Pick<Collector, "call" | "send"> {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resolves to the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const server = join(import.meta.dirname, "../../src/server.ts");

/**
 * `server.ts` as its operator starts it: from a configuration file, alone. `fileBytesMax` stands for a full disk: no file
 * of the process may grow past it.
 */
export async function spawnCollector(house: House, options: { fileBytesMax?: number } = {}): Promise<CollectorProcess> {
  const config = join(house.dir, "collector.json");
  const { jwksFile, tables } = house;
  writeFileSync(config, JSON.stringify({ port: 0, adminPort: 0, logLevel: "fatal", jwksFile, tables }));
  const command = [process.execPath, server, "--config", config];
  const limit = options.fileBytesMax === undefined ? "unlimited" : String(Math.ceil(options.fileBytesMax / 1024));
  const child = spawn("bash", ["-c", `ulimit -f ${limit}; exec "$@"`, "bash", ...command], {
    // lmdb's own complaints about a full disk are what the test expects.
    stdio: ["ignore", "inherit", options.fileBytesMax === undefined ? "inherit" : "ignore", "ipc"],
  });
  const ended = once(child, "exit").then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const [message] = (await Promise.race([once(child, "message"), ended.then(() => [])])) as [{ url: string }?];
  if (message === undefined) throw new Error("the collector did not start");
  return { ...clientOf(message.url, await house.issuer()), url: message.url, child, ended };
}
