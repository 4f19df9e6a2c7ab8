import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import type { Meter } from "../metering/meter.ts";
import type { TenantDirectory } from "../tenants/directory.ts";

const Params = Type.Object({ tenant: Type.String() });

/** What an operator may look at, on the admin port. No secret is in it. */
export async function adminRoutes(app: App, options: { directory: TenantDirectory; meter: Meter }): Promise<void> {
  const { directory, meter } = options;
  app.get("/admin/usage", async () => ({ usage: meter.usage() }));
  app.get("/admin/tenants/:tenant", { schema: { params: Params } }, async (request) => {
    const context = directory.tenant(request.params.tenant);
    if (context === undefined) throw new EndcapError("tenant_not_found");
    const { id, slug, tier, state, limits, origins, routes, endpoint } = context.tenant;
    const { inFlight } = context.load;
    const keys = context.keys.map(({ id, kind, env, scopes }) => ({ id, kind, env, scopes: [...scopes] }));
    return { id, slug, tier, state, limits, origins, routes, endpoint, keys, inFlight };
  });
}
