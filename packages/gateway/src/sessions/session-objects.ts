import type { Session } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import type { NewSession, SessionTokens } from "../auth/session-tokens.ts";
import type { TenantContext } from "../tenants/tenant-context.ts";

export interface SessionObjects {
  /** What a page needs to sign from now on. */
  create(request: FastifyRequest, tenant: TenantContext, session: NewSession): Session;
}

export interface SessionObjectsOptions {
  readonly tokens: SessionTokens;
  /** Origin of this gateway; absent: http and the Host that the page called. */
  readonly publicUrl: string | undefined;
  readonly now: () => number;
}

export function createSessionObjects({ tokens, publicUrl, now }: SessionObjectsOptions): SessionObjects {
  return {
    create(request, tenant, session) {
      const at = now();
      const { token, signingKey, expiresAt } = tokens.mint(tenant, session, at);
      return {
        token,
        signingKey: Buffer.from(signingKey).toString("base64url"),
        expiresAt: new Date(expiresAt).toISOString(),
        serverTime: new Date(at).toISOString(),
        endpoint: tenant.traits.endpoint ?? publicUrl ?? `http://${request.headers.host ?? ""}`,
        settings: tenant.settings,
      };
    },
  };
}
