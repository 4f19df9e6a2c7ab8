import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { TenantDirectory } from "../tenants/directory.ts";

const maxAgeSeconds = 86_400;

/** The routes a page may call. The SDK's own requests are simple and never ask; this is for those who write their own. */
const browserRoutes = ["/v1/events", "/v1/recommendations", "/v1/sessions"];

/**
 * Preflights. They carry neither key nor body, so what can be said is whether any tenant lists the origin; whether this
 * tenant does is said by the request itself. Routes for servers are never opened to pages.
 */
export function preflightRoutes(app: App, directory: TenantDirectory): void {
  for (const url of browserRoutes) {
    app.options(url, { config: { quiet: true } }, async (request, reply) => {
      const { origin } = request.headers;
      if (origin === undefined || request.headers["access-control-request-method"] === undefined) {
        throw new EndcapError("header_invalid", { detail: "This is no preflight: it has no Origin or no method." });
      }
      // A page would take the answer of who knows nobody yet for a refusal of its origin.
      directory.assertKnown();
      reply.header("vary", "origin, access-control-request-method, access-control-request-headers");
      if (await directory.listsOrigin(origin)) {
        reply.header("access-control-allow-origin", origin);
        reply.header("access-control-allow-methods", "POST");
        reply.header("access-control-allow-headers", "content-type");
        reply.header("access-control-max-age", String(maxAgeSeconds));
      }
      return reply.code(204).send();
    });
  }
}
