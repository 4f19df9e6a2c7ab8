import { fileURLToPath } from "node:url";
import { type EdgeProcess, startEdge } from "./edge-process.ts";
import type { ProxyPlace } from "./foreign-proxies.ts";
import { freePort } from "./ports.ts";
import { type BenchShop, writeTenants } from "./shops.ts";

/** Plain @fastify/http-proxy with the same checks as a hook. */
export async function startHttpProxy(place: ProxyPlace, shops: readonly BenchShop[]): Promise<EdgeProcess> {
  const name = "http-proxy";
  const port = await freePort();
  const server = fileURLToPath(new URL("http-proxy-server.ts", import.meta.url));
  const args = [
    "--conditions=@endcap/source",
    server,
    String(port),
    String(place.upstreamPort),
    writeTenants(place.directory, name, shops),
  ];
  return startEdge({ ...place, name, port, command: process.execPath, args }, place.cleanup);
}
