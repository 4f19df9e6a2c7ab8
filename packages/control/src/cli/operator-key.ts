import { EndcapError, type Environment } from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import type { IssuedKey, Key } from "../keys/model.ts";
import { type AdminClient, tenantPath } from "./admin-client.ts";

const NAME = "endcap cli";
const HOURS_GOOD = 24;
const APPLY_MS = 5_000;

/**
 * Runs `work` as a customer of the tenant: through the public gateway with a signed key. The key is made for this one
 * command and removed after it; ENDCAP_KEY and ENDCAP_SECRET are used instead where they are set.
 */
export async function asCustomer<T>(
  admin: AdminClient,
  tenant: string,
  env: Environment,
  work: (endcap: Endcap) => Promise<T>,
): Promise<T> {
  const { ENDCAP_KEY, ENDCAP_SECRET } = process.env;
  if (ENDCAP_KEY !== undefined && ENDCAP_SECRET !== undefined) {
    return work(new Endcap({ endpoint: admin.gatewayUrl, key: ENDCAP_KEY, secret: ENDCAP_SECRET }));
  }
  const key = await issue(admin, tenant, env);
  const remove = () => admin.delete(`${tenantPath(tenant)}/keys/${key.id}`);
  const interrupted = () => {
    void remove().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted);
  try {
    return await work(new Endcap({ endpoint: admin.gatewayUrl, key: key.id, secret: key.secret ?? "" }));
  } finally {
    process.off("SIGINT", interrupted);
    await remove();
  }
}

async function issue(admin: AdminClient, tenant: string, env: Environment): Promise<IssuedKey> {
  const request = () =>
    admin.post<IssuedKey>(`${tenantPath(tenant)}/keys?waitMs=${APPLY_MS}`, {
      kind: "secret",
      env,
      name: NAME,
      expiresAt: new Date(Date.now() + HOURS_GOOD * 3_600_000).toISOString(),
    });
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof EndcapError && error.code === "key_limit")) throw error;
    // A command that was killed left its key behind.
    const { keys } = await admin.get<{ keys: Key[] }>(`${tenantPath(tenant)}/keys`);
    const leftover = keys.find((key) => key.name === NAME && key.env === env && key.state === "active");
    if (leftover === undefined) {
      throw new EndcapError("key_limit", {
        detail: "The tenant has two active secret keys already: set ENDCAP_KEY and ENDCAP_SECRET to one of them.",
        cause: error,
      });
    }
    await admin.delete(`${tenantPath(tenant)}/keys/${leftover.id}`);
    return request();
  }
}
