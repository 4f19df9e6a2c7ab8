import { spawnSync } from "node:child_process";
import { installWithApt } from "./apt.mjs";
import { fail } from "./say.mjs";

function runs(file) {
  return spawnSync(file, ["--version"], { timeout: 20000 }).status === 0;
}

/** A redis-server that starts: ENDCAP_REDIS_SERVER, the one on PATH, or one fetched from the distribution. */
export function findRedis() {
  const named = process.env.ENDCAP_REDIS_SERVER;
  if (named) {
    if (!runs(named)) fail(`ENDCAP_REDIS_SERVER names "${named}", which does not start.`);
    return named;
  }
  if (!runs("redis-server")) installWithApt("redis-server", "the process tests");
  if (!runs("redis-server")) {
    fail(
      "The process tests need redis-server: install it or set ENDCAP_REDIS_SERVER to its path. " +
        "The other tests run with: npm test -- --project unit --project browser",
    );
  }
  return "redis-server";
}
