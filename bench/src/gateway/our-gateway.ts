/** Our gateway as production runs it: the built server, its defaults, its log written to a file. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SnapshotUpstream } from "@endcap/protocol";
import type { Cleanup } from "../bench.ts";
import { type EdgeProcess, startEdge } from "./edge-process.ts";
import { freePort } from "./ports.ts";
import type { BenchShop } from "./shops.ts";
import { type SnapshotControl, startSnapshotControl } from "./snapshot-control.ts";

export const packageFile = (path: string): string =>
  fileURLToPath(new URL(`../../../packages/${path}`, import.meta.url));

/** The key of the one gateway group, and the file by which upstreams know it. */
export interface GroupKeys {
  readonly keyFile: string;
  readonly jwksFile: string;
}

export function writeGroupKeys(directory: string): GroupKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = join(directory, "shared.key");
  const jwksFile = join(directory, "jwks.json");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] }));
  return { keyFile, jwksFile };
}

export interface OurGatewayOptions {
  readonly name: string;
  readonly directory: string;
  readonly keys: GroupKeys;
  readonly shops: readonly BenchShop[];
  readonly upstreamPorts: { readonly collector: number; readonly ml: number };
  readonly core: number;
  readonly cleanup: (work: Cleanup) => void;
}

export async function startOurGateway(options: OurGatewayOptions): Promise<EdgeProcess> {
  const { name, directory, keys, shops, upstreamPorts, core, cleanup } = options;
  const upstreams: SnapshotUpstream[] = (["collector", "ml"] as const).map((kind) => ({
    id: kind,
    kind,
    url: `http://127.0.0.1:${upstreamPorts[kind]}`,
  }));
  mkdirSync(join(directory, name));
  const control = await startSnapshotControl(join(directory, name), shops, upstreams, cleanup);
  return startGatewayUnder(control, { name, directory, keys, core, cleanup });
}

/** Resolves when the whole snapshot is in: control's, or while that is down the one on the gateway's disk. */
export async function startGatewayUnder(
  control: Pick<SnapshotControl, "url" | "publicKeyFile">,
  { name, directory, keys, core, cleanup }: Pick<OurGatewayOptions, "name" | "directory" | "keys" | "core" | "cleanup">,
): Promise<EdgeProcess> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const env = {
    ENDCAP_GATEWAY_PORT: String(port),
    ENDCAP_GATEWAY_ADMIN_PORT: String(adminPort),
    ENDCAP_GATEWAY_CONTROL_URL: control.url,
    ENDCAP_GATEWAY_SNAPSHOT_PUBLIC_KEY_FILE: control.publicKeyFile,
    ENDCAP_GATEWAY_NODE_DIR: join(directory, name),
    ENDCAP_GATEWAY_KEY_FILE: keys.keyFile,
    // One machine is all shoppers, and the busiest of a Zipf law's sessions is a tenth of them: held, but by no limit.
    ENDCAP_GATEWAY_BROWSER_REQUESTS_PER_SECOND: "1000000",
    ENDCAP_GATEWAY_BROWSER_BURST: "1000000",
    ENDCAP_GATEWAY_SESSION_REQUESTS_PER_SECOND: "1000000",
    ENDCAP_GATEWAY_SESSION_BURST: "1000000",
  };
  // The options that control and the image start it with; what the environment adds counts where both name one.
  const options = [
    "--min-semi-space-size=32",
    "--max-semi-space-size=32",
    "--v8-pool-size=1",
    "--no-memory-reducer",
    "--retain-maps-for-n-gc=1000000",
    "--no-allocation-site-pretenuring",
    "--max-inlined-bytecode-size=1500",
    "--max-inlined-bytecode-size-cumulative=10000",
    "--max-inlined-bytecode-size-absolute=20000",
    "--min-inlining-frequency=0.03",
    ...(process.env.ENDCAP_BENCH_NODE_ARGS?.split(" ") ?? []),
  ];
  const args = [...options, packageFile("gateway/dist/server.js")];
  const proxy = await startEdge({ name, port, command: process.execPath, args, env, core, directory }, cleanup);
  await ready(adminPort, name);
  return proxy;
}

async function ready(adminPort: number, name: string): Promise<void> {
  const until = Date.now() + 120_000;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    if (response?.status === 200) return;
    if (Date.now() > until) throw new Error(`${name} is not ready`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
