import { isAnonymousId } from "@endcap/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { TenantContext } from "../tenants/tenant-context.ts";

/** The prefix makes browsers refuse it without Secure, with another path, or from a neighbouring subdomain. */
const name = "__Host-endcap-id";
/** What browsers cut longer lives to. */
const maxAgeSeconds = 400 * 86_400;

/** Whether this request came by the tenant's own host, and the tenant wants its shoppers known by a cookie there. */
export function usesIdCookie(request: FastifyRequest, { traits }: TenantContext): boolean {
  const { endpoint, idCookie } = traits;
  return idCookie && endpoint !== undefined && new URL(endpoint).host === request.host;
}

/** The anonymous id that the browser kept; `undefined` for none, several, or one that is not of our form. */
export function readIdCookie({ headers }: FastifyRequest): string | undefined {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  const [only, ...more] = pairs.filter((pair) => pair.startsWith(`${name}=`));
  const id = only?.slice(name.length + 1);
  return id !== undefined && more.length === 0 && isAnonymousId(id) ? id : undefined;
}

/** Out of reach of scripts, so that what ends scripts' storage after a week of silence leaves it alone. */
export function writeIdCookie(reply: FastifyReply, anonymousId: string): void {
  reply.header(
    "set-cookie",
    `${name}=${anonymousId}; Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Lax`,
  );
  // A page of another subdomain is another origin; without this its browser neither sends nor keeps the cookie.
  reply.header("access-control-allow-credentials", "true");
}
