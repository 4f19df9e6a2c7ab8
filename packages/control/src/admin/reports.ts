import type { App } from "@endcap/service-kit";
import type { Tables } from "@endcap/storage";
import Type from "typebox";
import { Environment } from "../keys/model.ts";
import { buildReport, Report } from "../report/report.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const DAY_MS = 86_400_000;

const ReportQuery = Type.Object(
  {
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, default: 7 })),
    currency: Type.Optional(Type.String({ pattern: "^[A-Z]{3}$", description: "The catalogue's when left out" })),
    env: Type.Optional(Environment),
  },
  { additionalProperties: false },
);

export function reportRoutes(app: App, { tenants, now }: AdminContext, tables: Tables): void {
  app.get(
    "/v1/tenants/:tenant/report",
    { schema: { params: TenantParams, querystring: ReportQuery, response: { 200: Report } } },
    async (request) => {
      const { id: tenant } = await tenants.get(request.params.tenant);
      const { days = 7, currency, env = "live" } = request.query;
      await using table = await tables.open({ tenant, env });
      const to = now();
      return buildReport(table, { from: to - days * DAY_MS, to }, currency);
    },
  );
}
