import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { base64urlDecode, EndcapError, LIMITS, SessionClaims, sessionSigningKey } from "@endcap/protocol";
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { Compile } from "typebox/compile";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { TenantContext } from "../tenants/tenant-context.ts";

/** A token whose signature was verified once. Whether it still counts now is asked anew for each request. */
export interface SessionVerdict {
  readonly claims: SessionClaims;
  readonly generation: string;
  /** Verifies what the page signs in this session. */
  readonly signingKey: KeyObject;
}

export type NewSession = Omit<SessionClaims, "jti" | "iat" | "exp" | "scope" | "tenant">;

export interface MintedSession {
  readonly token: string;
  /** 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Unix ms. */
  readonly expiresAt: number;
}

export interface SessionTokens {
  mint(tenant: TenantContext, session: NewSession, now: number): Promise<MintedSession>;
  /** Without waiting when the exact text was seen before. Rejects with EndcapError `session_invalid`. */
  verify(token: string): SessionVerdict | Promise<SessionVerdict>;
}

const claimsCheck = Compile(SessionClaims);
const algorithm = "HS256";
/** Batches signed in a session arrive up to 7 days after it; the caller judges the time. */
const anyAgeSeconds = (LIMITS.batchAgeMs + LIMITS.sessionMs) / 1000;

/**
 * Session tokens are JWTs, by jose. A verdict is kept by the token's exact text: jose takes 15 us, the look-up 0.03.
 * The cache holds verified tokens only, so strangers cannot push good ones out. Whoever denies a session does so by its
 * jti.
 */
export function createSessionTokens(directory: TenantDirectory, cachedMax: number): SessionTokens {
  const verdicts = new LRUCache<string, SessionVerdict>({ max: cachedMax });

  async function verifyAnew(token: string): Promise<SessionVerdict> {
    try {
      // jose takes five spellings of the same signature; a token that was altered must not pass as one of them.
      const signature = token.slice(token.lastIndexOf(".") + 1);
      if (base64urlDecode(signature) === null) throw new TypeError("the signature is not spelled as base64url is");
      const { tenant } = decodeJwt(token);
      const { kid = "" } = decodeProtectedHeader(token);
      const sessionKey = keyOf(directory.tenant(String(tenant)), kid);
      if (sessionKey === undefined) throw new TypeError("no such tenant or generation");
      const { payload } = await jwtVerify(token, sessionKey.tokenKey, {
        algorithms: [algorithm],
        clockTolerance: anyAgeSeconds,
      });
      if (!claimsCheck.Check(payload)) throw new TypeError("the claims are not those of a session");
      const signingKey = createSecretKey(sessionSigningKey(sessionKey.key, payload.jti));
      const verdict = { claims: payload, generation: kid, signingKey };
      verdicts.set(token, verdict);
      return verdict;
    } catch (error) {
      throw new EndcapError("session_invalid", { internal: String(error), cause: error });
    }
  }

  return {
    async mint(tenant, session, now) {
      const [newest] = tenant.sessionKeys;
      if (newest === undefined) throw new EndcapError("not_ready", { internal: "the snapshot holds no session key" });
      const jti = randomBytes(16).toString("base64url");
      const iat = Math.floor(now / 1000);
      const exp = iat + LIMITS.sessionMs / 1000;
      const claims: SessionClaims = { ...session, tenant: tenant.id, scope: "browser", jti, iat, exp };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid: newest.generation })
        .sign(newest.tokenKey);
      return { token, signingKey: sessionSigningKey(newest.key, jti), expiresAt: exp * 1000 };
    },
    verify(token) {
      const verdict = verdicts.get(token);
      if (verdict === undefined) return verifyAnew(token);
      // The tenant may have gone, or its old session key been withdrawn, since the token was verified.
      if (keyOf(directory.tenant(verdict.claims.tenant), verdict.generation) !== undefined) return verdict;
      verdicts.delete(token);
      throw new EndcapError("session_invalid", { internal: "the tenant or its session key is gone" });
    },
  };
}

function keyOf(tenant: TenantContext | undefined, generation: string) {
  return tenant?.sessionKeys.find((key) => key.generation === generation);
}
