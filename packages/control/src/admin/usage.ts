import { EndcapError, monthOf } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import { TenantUsage, UsageByRoute } from "../usage/model.ts";
import { createUsageReader } from "../usage/reader.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const MonthQuery = Type.Object(
  {
    month: Type.Optional(
      Type.String({ pattern: "^20\\d\\d-(0[1-9]|1[0-2])$", description: "UTC, as 2026-11; this one when left out" }),
    ),
  },
  { additionalProperties: false },
);
const AllUsage = Type.Object({ month: Type.String(), usage: Type.Array(TenantUsage) });
const OneUsage = Type.Object({ ...TenantUsage.properties, routes: Type.Array(UsageByRoute) });

export function usageRoutes(app: App, { db, tenants, now }: AdminContext): void {
  const reader = createUsageReader(db, now);

  app.get("/v1/usage", { schema: { querystring: MonthQuery, response: { 200: AllUsage } } }, async (request) => {
    const { month = monthOf(now()) } = request.query;
    return { month, usage: await reader.month(month) };
  });

  app.get(
    "/v1/tenants/:tenant/usage",
    { schema: { params: TenantParams, querystring: MonthQuery, response: { 200: OneUsage } } },
    async (request) => {
      const { month = monthOf(now()) } = request.query;
      const { id } = await tenants.get(request.params.tenant);
      const [usage] = await reader.month(month, id);
      if (usage === undefined) throw new EndcapError("tenant_not_found");
      return { ...usage, routes: await reader.byRoute(month, id) };
    },
  );
}
