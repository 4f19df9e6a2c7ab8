import { EndcapError, LIMITS } from "@endcap/protocol";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { type InternalAudience, issuerPrefix, tokenAlgorithm } from "./internal-token.ts";
import { openJwksFile } from "./jwks-file.ts";

/** A verified internal token. */
export interface InternalClaims {
  /** The gateway group, or `control`. */
  readonly group: string;
  /** `*`, or one tenant id. */
  readonly tenants: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

export interface InternalVerifierOptions {
  readonly audience: InternalAudience;
  readonly jwksFile: string;
  readonly now?: () => number;
  readonly onFault?: (error: unknown) => void;
}

export interface InternalVerifier {
  /** The verdict on an `authorization` field seen before, without waiting; else `undefined`. */
  cached(field: string): InternalClaims | undefined;
  /** @throws EndcapError `internal_token_invalid` */
  verify(field: string | undefined): Promise<InternalClaims>;
  close(): void;
}

const verdictsMax = 1_024;
const clockToleranceSeconds = 5;

/**
 * Verdicts are kept by the exact text of the field until the token ends: an EdDSA verification costs some 100 us, a
 * look-up 0.03. Changed keys drop all verdicts. Refusals are not kept, so strangers cannot push good ones out.
 */
export function createInternalVerifier(options: InternalVerifierOptions): InternalVerifier {
  const now = options.now ?? Date.now;
  const verdicts = new LRUCache<string, InternalClaims>({ max: verdictsMax });
  const jwks = openJwksFile(options.jwksFile, () => verdicts.clear(), options.onFault);

  async function verify(field: string | undefined): Promise<InternalClaims> {
    if (!field?.startsWith("Bearer ")) {
      throw new EndcapError("internal_token_invalid", { internal: "no bearer token" });
    }
    try {
      const token = field.slice("Bearer ".length);
      const group = decodeProtectedHeader(token).kid ?? "";
      const known = await jwks.find(group);
      if (known === undefined) throw new TypeError("no key of that group");
      const { payload } = await jwtVerify<{ tenants?: unknown }>(token, known.key, {
        algorithms: [tokenAlgorithm],
        issuer: issuerPrefix + group,
        audience: options.audience,
        requiredClaims: ["exp", "iat", "tenants"],
        maxTokenAge: LIMITS.internalTokenMs / 1000,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
      });
      const { tenants } = payload;
      if (typeof tenants !== "string") throw new TypeError("the claim `tenants` is no text");
      if (known.tenants !== "*" && known.tenants !== tenants) throw new TypeError("the group may not speak for that");
      const claims = { group, tenants, expiresAt: (payload.exp ?? 0) * 1000 };
      verdicts.set(field, claims);
      return claims;
    } catch (error) {
      throw new EndcapError("internal_token_invalid", {
        internal: error instanceof Error ? error.message : "unreadable token",
        cause: error,
      });
    }
  }

  return {
    cached(field) {
      const claims = verdicts.get(field);
      return claims !== undefined && now() < claims.expiresAt ? claims : undefined;
    },
    verify,
    close: jwks.close,
  };
}
