import { createSecretKey, type KeyObject } from "node:crypto";
import { compactVerify } from "jose";
import { isCompact, openHs256 } from "../../src/auth/hs256.ts";
import { MacKey } from "../../src/auth/mac.ts";
import type { VectorReader } from "./reader.ts";

interface File {
  readonly testGroups: readonly Group[];
}

interface Jwk {
  readonly kty: string;
  readonly k?: string;
  readonly alg?: string;
}

interface Group {
  readonly private?: Jwk;
  readonly public?: Jwk;
  readonly tests: readonly Vector[];
}

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  /** Compact, or the JSON serialization, which is nothing that we read. */
  readonly jws?: unknown;
  readonly jwt?: unknown;
  readonly result: "valid" | "invalid" | "acceptable";
}

/**
 * Wycheproof's `json_web_signature_test.json` and its like. Symmetric keys are tried as ours; a token under any other
 * kind of key has to be refused whatever its own verdict is. Both ways in: session tokens, and users' tokens by jose.
 */
export const readJose: VectorReader = async ({ bytes }) => {
  const { testGroups }: File = JSON.parse(bytes.toString());
  const faults: string[] = [];
  // Some vectors lost on their way what made them wrong, and are a right one of the same file to the letter.
  const right = new Set(
    testGroups
      .flatMap(({ tests }) => tests)
      .flatMap(({ jws, jwt, result }) => (result === "valid" ? [jws ?? jwt] : [])),
  );
  for (const group of testGroups) {
    const jwk = group.private ?? group.public;
    const symmetric = jwk?.kty === "oct" && (jwk.k?.length ?? 0) > 0;
    const key = symmetric ? createSecretKey(jwk.k ?? "", "base64url") : createSecretKey(Buffer.alloc(32, 1));
    for (const { tcId, comment, jws, jwt, result } of group.tests) {
      const token = jws ?? jwt;
      if (typeof token !== "string" || (result === "invalid" && right.has(token))) continue;
      const ours = isOurs(token, new MacKey(key.export()));
      const users = await isUsers(token, key);
      // Right to decoders that pass over foreign characters; ours know one spelling.
      const oneSpelling = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
      const mayPass = symmetric && result !== "invalid" && algorithmOf(token) === "HS256" && oneSpelling;
      if (!mayPass && (ours || users)) faults.push(`${tcId} ${comment}: accepted`);
      if (mayPass && result === "valid" && !(ours && users)) faults.push(`${tcId} ${comment}: refused`);
    }
  }
  return faults;
};

function isOurs(token: string, key: MacKey): boolean {
  try {
    openHs256(token, () => key);
    return true;
  } catch {
    return false;
  }
}

async function isUsers(token: string, key: KeyObject): Promise<boolean> {
  if (!isCompact(token)) return false;
  return compactVerify(token, key, { algorithms: ["HS256"] }).then(
    () => true,
    () => false,
  );
}

function algorithmOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).alg;
  } catch {
    return undefined;
  }
}
