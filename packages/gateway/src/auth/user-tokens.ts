import { createSecretKey } from "node:crypto";
import { EndcapError, isAnonymousId, LIMITS } from "@endcap/protocol";
import { decodeProtectedHeader, jwtVerify } from "jose";
import type { KeyContext, TenantContext } from "../tenants/tenant-context.ts";
import { isCompact } from "./hs256.ts";

/** Who the shop's backend says is signed in. */
export interface UserClaims {
  readonly userId: string;
  /** The page whose history is theirs. */
  readonly anonymousId?: string;
}

const clockToleranceSeconds = 30;

/**
 * Verifies a token that the shop's backend made with `createUserToken`, for the tenant and environment of the page's
 * publishable key: a token of another shop is as good as none.
 * @throws EndcapError `user_token_invalid`
 */
export async function verifyUserToken(
  tenant: TenantContext,
  env: KeyContext["env"],
  token: string,
  now: number,
): Promise<UserClaims> {
  try {
    if (!isCompact(token)) throw new TypeError("no compact JWS");
    const { kid } = decodeProtectedHeader(token);
    const key = tenant.keys.find(({ id, env: own }) => id === kid && own === env);
    if (key?.secret === undefined || now >= key.expiresAt) throw new TypeError("no such active secret key");
    if (!key.scopes.includes("identity:sign")) throw new TypeError("the key may not sign identities");
    const identity = createSecretKey(key.secret.identity, "base64url");
    const { payload } = await jwtVerify<{ anonymousId?: unknown }>(token, identity, {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "iat", "exp"],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now),
    });
    const { sub, iat = 0, exp = 0, anonymousId } = payload;
    if (sub === undefined || sub === "" || Buffer.byteLength(sub) > LIMITS.idBytesMax)
      throw new TypeError("no usable sub");
    if ((exp - iat) * 1000 > LIMITS.userTokenMs) throw new TypeError("the token lives too long");
    if (anonymousId === undefined) return { userId: sub };
    if (typeof anonymousId !== "string" || !isAnonymousId(anonymousId)) throw new TypeError("no usable anonymousId");
    return { userId: sub, anonymousId };
  } catch (error) {
    throw new EndcapError("user_token_invalid", { internal: String(error), cause: error });
  }
}
