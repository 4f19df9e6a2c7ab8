/** The real collector over lmdb, for the comparison from the edge to the disk. */
import { join } from "node:path";
import type { Cleanup } from "../bench.ts";
import { type EdgeProcess, startEdge } from "./edge-process.ts";
import { type GroupKeys, packageFile } from "./our-gateway.ts";
import { freePort } from "./ports.ts";

export async function startCollector(
  directory: string,
  keys: GroupKeys,
  core: number,
  cleanup: (work: Cleanup) => void,
): Promise<EdgeProcess> {
  const port = await freePort();
  const env = {
    ENDCAP_COLLECTOR_PORT: String(port),
    ENDCAP_COLLECTOR_ADMIN_PORT: String(await freePort()),
    ENDCAP_COLLECTOR_JWKS_FILE: keys.jwksFile,
    ENDCAP_COLLECTOR_TABLES: `lmdb:${join(directory, "tenants")}`,
  };
  // As control starts it.
  const options = ["--v8-pool-size=1"];
  const more = process.env.ENDCAP_BENCH_NODE_ARGS?.split(" ") ?? [];
  const args = [...options, ...more, packageFile("collector/dist/server.js")];
  return startEdge({ name: "collector", port, command: process.execPath, args, env, core, directory }, cleanup);
}
