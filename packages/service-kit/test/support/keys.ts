import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface GroupFiles {
  readonly keyFile: string;
  readonly jwksFile: string;
}

/** An Ed25519 pair as the data directory holds it: PKCS8 PEM for the group, JWKS for everybody. */
export function writeGroupKeys(directory: string, group = "shared", tenants?: string): GroupFiles {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = join(directory, `${group}.key`);
  const jwksFile = join(directory, "jwks.json");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: group, tenants }] }));
  return { keyFile, jwksFile };
}
