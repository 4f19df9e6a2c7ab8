import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ReadyMessage } from "@endcap/service-kit";
import { onTestFinished } from "vitest";

/** A service in a process of its own. */
export interface Running {
  readonly url: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** SIGTERM, and what it exits with. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

let count = 0;

/** Starts `packages/<name>/src/server.ts`; it is killed after the test if it still runs. */
export async function startProcess(
  name: "gateway" | "collector" | "ml",
  env: Record<string, string>,
): Promise<Running> {
  const server = join(import.meta.dirname, "..", "..", "..", name, "src", "server.ts");
  const child = fork(server, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  const ended = async (signal: NodeJS.Signals) => {
    const exited = once(child, "exit");
    child.kill(signal);
    return (await exited)[0] as number | null;
  };
  return {
    url: ready.url,
    adminUrl: ready.adminUrl,
    child,
    stop: () => ended("SIGTERM"),
    kill: async () => void (await ended("SIGKILL")),
  };
}

/** A real collector over lmdb, trusting the edge's gateways. Several may share one directory. */
export function startCollector(directory: string, port = 0): Promise<Running> {
  return startProcess("collector", {
    ENDCAP_COLLECTOR_PORT: String(port),
    ENDCAP_COLLECTOR_ADMIN_PORT: "0",
    ENDCAP_COLLECTOR_LOG_LEVEL: "silent",
    ENDCAP_COLLECTOR_JWKS_FILE: join(directory, "jwks.json"),
    ENDCAP_COLLECTOR_TABLES: `lmdb:${join(directory, "tables")}`,
  });
}

/** A real ml without recommenders: each of its lists is the fallback, which is empty. */
export function startMl(directory: string): Promise<Running> {
  count += 1;
  const stateDir = join(directory, `ml-${count}`);
  mkdirSync(stateDir);
  return startProcess("ml", {
    ENDCAP_ML_PORT: "0",
    ENDCAP_ML_ADMIN_PORT: "0",
    ENDCAP_ML_LOG_LEVEL: "silent",
    ENDCAP_ML_JWKS_FILE: join(directory, "jwks.json"),
    ENDCAP_ML_MODELS: `file:${stateDir}`,
    ENDCAP_ML_STATE_DIR: stateDir,
    ENDCAP_ML_SNAPSHOT_PUBLIC_KEY_FILE: join(directory, "snapshot.pub.pem"),
    ENDCAP_ML_GROUP: "shared",
    ENDCAP_ML_GROUP_KEY_FILE: join(directory, "shared.key"),
  });
}
