/** Keys derived from a secret, so that one use can never pass as another, and the tenant's session keys. */
import { hkdfSha256 } from "./sha256.ts";

/** The three keys of a secret key: for request signatures, identity tokens and webhooks. 32 bytes each. */
export interface DerivedKeys {
  readonly request: Uint8Array<ArrayBuffer>;
  readonly identity: Uint8Array<ArrayBuffer>;
  readonly webhook: Uint8Array<ArrayBuffer>;
}

/** HKDF-SHA256 over the 32 decoded secret bytes, salt = the key id. */
export function deriveKeys(keyId: string, secret: Uint8Array): DerivedKeys {
  return {
    request: hkdfSha256(secret, keyId, "endcap request v1"),
    identity: hkdfSha256(secret, keyId, "endcap identity v1"),
    webhook: hkdfSha256(secret, keyId, "endcap webhook v1"),
  };
}

/** A tenant's session key: HKDF(master key, salt = tenant id, info = `session`). */
export function tenantSessionKey(masterKey: Uint8Array, tenantId: string): Uint8Array<ArrayBuffer> {
  return hkdfSha256(masterKey, tenantId, "session");
}

/** The key of a tenant's session tokens (JWT HS256). */
export function sessionTokenKey(sessionKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return hkdfSha256(sessionKey, "", "token");
}

/** The key under which a gateway turns addresses into marks, `CoalescedPartHeader.a`. */
export function addressMarkKey(sessionKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return hkdfSha256(sessionKey, "", "address mark");
}

/** The key that one session's page signs with. */
export function sessionSigningKey(sessionKey: Uint8Array, jti: string): Uint8Array<ArrayBuffer> {
  return hkdfSha256(sessionKey, "", `request ${jti}`);
}

export const SCOPES = [
  "events:write",
  "items:write",
  "recommendations:read",
  "identity:sign",
  "shopper:erase",
] as const;
/** What a secret key may do. */
export type Scope = (typeof SCOPES)[number];
