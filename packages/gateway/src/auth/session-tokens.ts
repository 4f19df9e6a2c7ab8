import { randomBytes } from "node:crypto";
import { EndcapError, LIMITS, SessionClaims } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { Compile } from "typebox/compile";
import { Gcra } from "../limits/gcra.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { SessionKey, TenantContext } from "../tenants/tenant-context.ts";
import type { Caller } from "./caller.ts";
import { hs256, invalid, openHs256, textOf } from "./hs256.ts";
import { MacKey, macOf } from "./mac.ts";

/** A token whose signature was verified once. Whether it still counts now is asked anew for each request. */
export interface SessionVerdict {
  readonly token: string;
  readonly claims: SessionClaims;
  readonly generation: string;
  /** Verifies what the page signs in this session. */
  readonly signingKey: MacKey;
  /** Under which version of the directory the tenant was last seen to know the session's key. */
  directoryVersion: number;
  /** Who it speaks for under that version, kept by whoever asks. */
  standing: Standing | undefined;
  /** What the session has used of its rate. Forgotten with the verdict. */
  readonly rate: Gcra;
}

/** What a session may do as long as nobody changes it. */
export interface Standing {
  readonly caller: Caller;
  /** Unix ms: when its publishable key ends. */
  readonly keyEndsAt: number;
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
  /** @throws EndcapError `not_ready` when the tenant has no session key */
  mint(tenant: TenantContext, session: NewSession, now: number): MintedSession;
  /** @throws EndcapError `session_invalid` */
  verify(token: string, now: number): SessionVerdict;
}

const claimsCheck = Compile(SessionClaims);
/** Batches signed in a session arrive up to 7 days after it; the caller judges the time. */
const ageMsMax = LIMITS.batchAgeMs + LIMITS.sessionMs;

/**
 * Session tokens are JWTs with HMAC-SHA256, and only ever ours: minted and verified here, in one step each, by
 * node:crypto. jose goes through WebCrypto, which waits for a thread and costs ten times as much; a busy shop has more
 * shoppers than any cache has room. A verdict is kept by the token's signature, which is a seventh of the text to look up
 * by, and counts for the token's exact text; of verified tokens only, so that strangers cannot push good ones out. Whoever
 * denies a session does so by its jti.
 */
export function createSessionTokens(directory: TenantDirectory, cachedMax: number): SessionTokens {
  const verdicts = new LRUCache<string, SessionVerdict>({ max: cachedMax });

  function verifyAnew(token: string, now: number): SessionVerdict {
    let generation = "";
    let sessionKey: SessionKey | undefined;
    const { claims } = openHs256(token, (parts) => {
      generation = textOf(parts.header, "kid");
      sessionKey = keyOf(directory.tenant(textOf(parts.claims, "tenant")), generation);
      return sessionKey?.tokenKey;
    });
    if (sessionKey === undefined) throw invalid("no such tenant or generation");
    if (!claimsCheck.Check(claims)) throw invalid("the claims are not those of a session");
    if (claims.exp * 1000 + ageMsMax <= now) throw invalid("older than any batch may be");
    const signingKey = new MacKey(signingKeyOf(sessionKey, claims.jti));
    const verdict = {
      token,
      claims,
      generation,
      signingKey,
      directoryVersion: directory.version,
      standing: undefined,
      rate: new Gcra(),
    };
    verdicts.set(signatureOf(token), verdict);
    return verdict;
  }

  return {
    mint(tenant, session, now) {
      const [newest] = tenant.sessionKeys;
      if (newest === undefined) throw new EndcapError("not_ready", { internal: "the snapshot holds no session key" });
      const jti = randomBytes(16).toString("base64url");
      const iat = Math.floor(now / 1000);
      const exp = iat + LIMITS.sessionMs / 1000;
      const claims: SessionClaims = { ...session, tenant: tenant.id, scope: "browser", jti, iat, exp };
      const text = `${base64urlOf({ alg: hs256, kid: newest.generation })}.${base64urlOf(claims)}`;
      const token = `${text}.${macOf(newest.tokenKey, text).toString("base64url")}`;
      return { token, signingKey: signingKeyOf(newest, jti), expiresAt: exp * 1000 };
    },
    verify(token, now) {
      const signature = signatureOf(token);
      const verdict = verdicts.get(signature);
      if (verdict?.token !== token) return verifyAnew(token, now);
      if (verdict.directoryVersion === directory.version) return verdict;
      verdict.directoryVersion = directory.version;
      verdict.standing = undefined;
      // The tenant may have gone, or its old session key been withdrawn, since the token was verified.
      if (keyOf(directory.tenant(verdict.claims.tenant), verdict.generation) !== undefined) return verdict;
      verdicts.delete(signature);
      throw invalid("the tenant or its session key is gone");
    },
  };
}

const signatureOf = (token: string): string => token.slice(token.lastIndexOf(".") + 1);

function keyOf(tenant: TenantContext | undefined, generation: string): SessionKey | undefined {
  return tenant?.sessionKeys.find((key) => key.generation === generation);
}

/** HKDF-SHA256 with the info `request <jti>`, one block. Its first half is the same for all sessions of a key. */
const signingKeyOf = ({ extracted }: SessionKey, jti: string): Buffer => macOf(extracted, `request ${jti}\x01`);

const base64urlOf = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
