import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FallbackList } from "@endcap/protocol";
import { createInternalIssuer, type InternalIssuer } from "@endcap/service-kit";
import { openModels } from "@endcap/storage";
import { onTestFinished } from "vitest";

/** A directory with the keys of one gateway group, and the tenants' models. */
export interface House {
  readonly dir: string;
  readonly jwksFile: string;
  readonly groupKeyFile: string;
  readonly models: string;
  issuer(audience: Parameters<typeof createInternalIssuer>[0]["audience"], tenants?: string): Promise<InternalIssuer>;
  /** As the tenant's recommender does. */
  publish(tenant: string, list: FallbackList): Promise<void>;
}

export const group = "shared";

export function newHouse(): House {
  const dir = mkdtempSync(join(tmpdir(), "endcap-ml-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const groupKeyFile = join(dir, "shared.key");
  const jwksFile = join(dir, "jwks.json");
  writeFileSync(groupKeyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: group }] }));
  mkdirSync(join(dir, "tenants"));
  const models = `file:${join(dir, "tenants")}`;
  return {
    dir,
    jwksFile,
    groupKeyFile,
    models,
    issuer: (audience, tenants = "*") => createInternalIssuer({ keyFile: groupKeyFile, group, audience, tenants }),
    publish: (tenant, list) =>
      openModels(models)
        .open(tenant)
        .put("fallback.json", Buffer.from(JSON.stringify(list))),
  };
}
