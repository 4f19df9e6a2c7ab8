/** The session keys of all tenants, asked of control as any gateway asks: so that a bench can hold 200,000 sessions. */
import { join } from "node:path";
import { createInternalIssuer, createSnapshotClient } from "@endcap/service-kit";
import { pino } from "pino";
import { Registry } from "prom-client";

export interface TenantSessionKey {
  readonly generation: string;
  /** base64url of 32 bytes. */
  readonly key: string;
}

/** @param dataDir the data directory of `endcap up`; @param directory where this gateway of ours keeps its files */
export async function sessionKeysOf(
  dataDir: string,
  controlUrl: string,
  directory: string,
  tenants: readonly string[],
): Promise<ReadonlyMap<string, TenantSessionKey>> {
  const issuer = await createInternalIssuer({
    keyFile: join(dataDir, "keys", "shared.key"),
    group: "shared",
    audience: ["control"],
    tenants: "*",
  });
  const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, TenantSessionKey>>();
  const client = createSnapshotClient({
    url: controlUrl,
    issuer,
    publicKeyFile: join(dataDir, "control", "snapshot.pub.pem"),
    stateFile: join(directory, "snapshot.json"),
    nodeKeyFile: join(directory, "node.key"),
    secrets: true,
    onState(state) {
      const keys = new Map<string, TenantSessionKey>();
      for (const tenant of tenants) {
        const newest = state.tenants.secretsOf(tenant)?.sessions[0];
        if (newest !== undefined) keys.set(tenant, newest);
      }
      if (keys.size === tenants.length) resolve(keys);
    },
    log: pino({ level: "silent" }),
    registry: new Registry(),
  });
  await client.start();
  try {
    return await promise;
  } finally {
    await client.close();
  }
}
