import { EndcapError, PRINCIPAL_HEADER, type Principal } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { createInternalVerifier, type InternalClaims, type InternalVerifierOptions } from "./internal-verifier.ts";
import { assertTenant, readPrincipal } from "./principal.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls, as the gateway proved it; `null` before that and where nobody has to. */
    principal: Principal | null;
    /** The verified internal token of the calling process. */
    internal: InternalClaims | null;
    /** What the request failed with, for its completion record. */
    fault: EndcapError | null;
  }
  interface FastifyContextConfig {
    /** `none`: the route takes no `endcap-principal` header. */
    principal?: "none";
    /** Completion records at level `debug`: for probes. */
    quiet?: boolean;
  }
}

export interface InternalAuthOptions extends InternalVerifierOptions {
  /** The one tenant this process serves. Absent: every tenant the token names. */
  readonly tenant?: string;
}

/**
 * Guards the scope it is registered in: a verified internal token, and the principal of the request within the token's
 * tenants and this process's own. Register it inside `app.register(async (internal) => …)`: the border is that scope.
 */
export const internalAuth = fp<InternalAuthOptions>(
  async (app, options) => {
    const verifier = createInternalVerifier({
      onFault: (error) => app.log.error({ err: error }, "the key file of the gateways cannot be read"),
      ...options,
    });
    app.addHook("onClose", async () => verifier.close());

    app.addHook("onRequest", (request, _reply, done) => {
      const field = request.headers.authorization;
      const cached = field === undefined ? undefined : verifier.cached(field);
      if (cached !== undefined) {
        settle(request, cached, done);
        return;
      }
      verifier.verify(field).then((claims) => settle(request, claims, done), done);
    });

    function settle(request: FastifyRequest, claims: InternalClaims, done: (error?: Error) => void): void {
      try {
        admit(request, claims);
      } catch (error) {
        done(error instanceof Error ? error : new EndcapError("internal", { cause: error }));
        return;
      }
      done();
    }

    function admit(request: FastifyRequest, claims: InternalClaims): void {
      request.internal = claims;
      if (request.routeOptions.config.principal === "none") return;
      const principal = readPrincipal(request.headers[PRINCIPAL_HEADER]);
      request.principal = principal;
      assertTenant(request, principal.tenant, options.tenant);
    }
  },
  { name: "endcap-internal-auth", fastify: "5.x" },
);
