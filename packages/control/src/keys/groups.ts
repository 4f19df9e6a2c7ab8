import { join } from "node:path";
import { writeFileAtomic } from "@endcap/service-kit";
import { loadSigningKey } from "./signing-key.ts";

/**
 * Who may mint internal tokens on this machine: the shared gateway, ml (to fetch its snapshot) and control itself (to
 * look at a recommendation). Each has a key of its own, so that one can be taken away without the others.
 */
export const GROUPS = ["shared", "ml", "control"] as const;
export type Group = (typeof GROUPS)[number];

/** Makes missing keys `<group>.key` and writes `jwks.json`, which every upstream reads. Answers the JWKS file. */
export async function ensureGroupKeys(directory: string): Promise<string> {
  const keys = [];
  for (const group of GROUPS) {
    const { publicKey } = await loadSigningKey(groupKeyFile(directory, group));
    const { kty, crv, x } = publicKey.export({ format: "jwk" });
    keys.push({ kty, crv, x, kid: group, alg: "EdDSA", use: "sig", tenants: "*" });
  }
  const file = join(directory, "jwks.json");
  await writeFileAtomic(file, `${JSON.stringify({ keys }, null, 2)}\n`, 0o644);
  return file;
}

export function groupKeyFile(directory: string, group: Group): string {
  return join(directory, `${group}.key`);
}
