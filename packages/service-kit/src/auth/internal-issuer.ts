import { readFile } from "node:fs/promises";
import { LIMITS } from "@endcap/protocol";
import { importPKCS8, SignJWT } from "jose";
import { type InternalAudience, issuerPrefix, tokenAlgorithm } from "./internal-token.ts";

export interface InternalIssuerOptions {
  /** Ed25519 private key, PKCS8 PEM. Lies ahead in a file, so that a new replica starts with control down. */
  readonly keyFile: string;
  /** Gateway group; the key's id in the JWKS. */
  readonly group: string;
  readonly audience: readonly InternalAudience[];
  /** `*`, or the one tenant of a dedicated gateway. */
  readonly tenants: string;
  readonly now?: () => number;
}

export interface InternalIssuer {
  /** A token good for at least another minute: minted for 120 s, kept for 60 s. */
  token(): Promise<string>;
}

/** @throws when the key file is missing or holds no Ed25519 key. */
export async function createInternalIssuer(options: InternalIssuerOptions): Promise<InternalIssuer> {
  const now = options.now ?? Date.now;
  const key = await importPKCS8(await readFile(options.keyFile, "utf8"), tokenAlgorithm);
  let current: Promise<string> | undefined;
  let mintedAt = 0;

  function mint(at: number): Promise<string> {
    const seconds = Math.floor(at / 1000);
    return new SignJWT({ tenants: options.tenants })
      .setProtectedHeader({ alg: tokenAlgorithm, kid: options.group })
      .setIssuer(issuerPrefix + options.group)
      .setAudience([...options.audience])
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + LIMITS.internalTokenMs / 1000)
      .sign(key);
  }

  return {
    token() {
      const at = now();
      // By age, not by a timer: timers stop while a laptop sleeps, and its clock may be set back.
      if (current === undefined || at - mintedAt >= LIMITS.internalTokenRemintMs || at < mintedAt) {
        mintedAt = at;
        current = mint(at);
      }
      return current;
    },
  };
}
