import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../bench.ts";
import type { BenchShop } from "./shop.ts";

const server = fileURLToPath(new URL("../../../packages/recommender/dist/server.js", import.meta.url));

export interface Serving {
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number;
}

/** Starts the built recommender of a shop as a process, configured as control configures it. */
export async function serve(shop: BenchShop, cleanup: (work: Cleanup) => void): Promise<Serving> {
  const child = fork(server, {
    stdio: ["ignore", 2, 2, "ipc"],
    // As the provisioner starts it.
    execArgv: ["--max-semi-space-size=16", "--v8-pool-size=1"],
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      MALLOC_MMAP_THRESHOLD_: "8192",
      ENDCAP_RECOMMENDER_TENANT: shop.tenant,
      ENDCAP_RECOMMENDER_TABLES: shop.tables,
      ENDCAP_RECOMMENDER_MODELS: shop.models,
      ENDCAP_RECOMMENDER_JWKS_FILE: shop.jwksFile,
      ENDCAP_RECOMMENDER_PORT: "0",
      ENDCAP_RECOMMENDER_ADMIN_PORT: "0",
      ENDCAP_RECOMMENDER_LOG_LEVEL: "warn",
    },
  });
  const exited = once(child, "exit");
  cleanup(async () => {
    child.kill();
    await exited;
  });
  const [ready] = (await once(child, "message")) as [{ ready: boolean; url: string; adminUrl: string }];
  if (!ready.ready) throw new Error("the recommender did not start");
  return { url: ready.url, adminUrl: ready.adminUrl, pid: child.pid as number };
}
