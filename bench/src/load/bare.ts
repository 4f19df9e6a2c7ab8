import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../bench.ts";

/** Starts the bare Fastify baseline; resolves to its origin. */
export async function startBare(cleanup: (work: Cleanup) => void): Promise<string> {
  const child = fork(fileURLToPath(new URL("bare-server.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
  cleanup(() => void child.kill());
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return url;
}
