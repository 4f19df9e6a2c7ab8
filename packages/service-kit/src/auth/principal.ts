import { EndcapError, PRINCIPAL_HEADER, Principal } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";

const check = Compile(Principal);

/**
 * The caller that the gateway proved, from the `endcap-principal` header.
 * @throws EndcapError `header_invalid`
 */
export function readPrincipal(field: string | string[] | undefined): Principal {
  return checkPrincipal(typeof field === "string" ? decoded(field) : null);
}

/** As protocol's `decodePrincipal`, by the runtime's own base64: it is read on every request of every service. */
function decoded(field: string): unknown {
  const bytes = Buffer.from(field, "base64url");
  // Node's decoder skips what it does not know; one principal has one spelling.
  if (bytes.toString("base64url") !== field) return null;
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

/**
 * A principal that came some other way, such as in a part's header line.
 * @throws EndcapError `header_invalid`
 */
export function checkPrincipal(value: unknown): Principal {
  if (!check.Check(value)) {
    throw new EndcapError("header_invalid", { detail: `${PRINCIPAL_HEADER} is missing or not a principal` });
  }
  // The schema leaves scopes open, so that an older service understands a newer gateway's.
  return value as Principal;
}

/** The principal of a request behind `internalAuth`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new TypeError("the route is not behind internalAuth");
  return request.principal;
}

/**
 * Refuses a tenant that the caller's token does not name, or that is not the one this process serves. `internalAuth` does
 * it for the principal header; a route that reads tenants elsewhere does it itself.
 * @param own absent: this process serves every tenant
 * @throws EndcapError `tenant_forbidden`
 */
export function assertTenant(request: FastifyRequest, tenant: string, own?: string): void {
  const { internal } = request;
  if (internal === null) throw new TypeError("the route is not behind internalAuth");
  if (internal.tenants !== "*" && internal.tenants !== tenant) {
    throw new EndcapError("tenant_forbidden", { internal: `group ${internal.group} may not speak for ${tenant}` });
  }
  if (own !== undefined && own !== tenant)
    throw new EndcapError("tenant_forbidden", { internal: `assigned to ${own}` });
}
