import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import type { Meter } from "../metering/meter.ts";
import { liveOf, type OverviewOptions, overview } from "./overview.ts";
import { adminPage } from "./page.ts";

const Params = Type.Object({ tenant: Type.String() });

export interface AdminRoutesOptions extends OverviewOptions {
  readonly meter: Meter;
}

/** What an operator may look at, on the admin port. No secret is in it. */
export async function adminRoutes(app: App, options: AdminRoutesOptions): Promise<void> {
  const { directory, meter } = options;
  app.get("/admin", async (request, reply) => {
    const now = overview(options);
    reply.header("cache-control", "no-store");
    if (!request.headers.accept?.includes("text/html")) return now;
    reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    return reply.type("text/html; charset=utf-8").send(adminPage(now));
  });
  app.get("/admin/usage", async () => ({ usage: meter.usage() }));
  app.get("/admin/tenants/:tenant", { schema: { params: Params } }, async (request) => {
    const context = directory.tenant(request.params.tenant);
    const tenant = directory.stored(request.params.tenant);
    if (context === undefined || tenant === undefined) throw new EndcapError("tenant_not_found");
    const { id, slug, tier, state, limits, origins, routes, endpoint } = tenant;
    const live = liveOf(context.usage, context.limits, options.now(), options.gateways());
    const keys = context.keys.map(({ id, kind, env, scopes }) => ({ id, kind, env, scopes }));
    return { id, slug, tier, state, limits, origins, routes, endpoint, keys, ...live };
  });
}
