import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import { IssuedKey } from "../keys/model.ts";
import { CreateTenant, type Tenant, TenantView, UpdateTenant } from "../tenants/model.ts";
import type { AdminContext } from "./context.ts";
import { Wait } from "./wait.ts";

export const TenantParams = Type.Object({ tenant: Type.String() });

export function tenantRoutes(app: App, context: AdminContext): void {
  const { db, tenants, keys, fleet } = context;
  const view = async (tenant: Tenant): Promise<TenantView> => ({ ...tenant, ...(await fleet.facts(tenant.id)) });

  app.get(
    "/v1/tenants",
    { schema: { response: { 200: Type.Object({ tenants: Type.Array(TenantView) }) } } },
    async () => ({ tenants: await Promise.all((await tenants.list()).map(view)) }),
  );

  app.post(
    "/v1/tenants",
    {
      schema: {
        querystring: Wait,
        body: CreateTenant,
        response: { 201: Type.Object({ ...TenantView.properties, keys: Type.Array(IssuedKey) }) },
      },
    },
    async (request, reply) => {
      const { body, query } = request;
      const created = await db.transaction(async (tx) => {
        const tenant = await tenants.create(tx, body);
        const issued = [];
        for (const env of body.issueKeys ?? []) {
          issued.push(await keys.issue(tx, tenant.id, { kind: "publishable", env }));
          issued.push(await keys.issue(tx, tenant.id, { kind: "secret", env }));
        }
        return { tenant, keys: issued };
      });
      request.log.info({ tenant: created.tenant.id, tier: created.tenant.tier }, "tenant created");
      await fleet.settled(created.tenant.id, query.waitMs ?? 0);
      return reply.code(201).send({ ...(await view(created.tenant)), keys: created.keys });
    },
  );

  app.get("/v1/tenants/:tenant", { schema: { params: TenantParams, response: { 200: TenantView } } }, async (request) =>
    view(await tenants.get(request.params.tenant)),
  );

  app.patch(
    "/v1/tenants/:tenant",
    { schema: { params: TenantParams, body: UpdateTenant, response: { 200: TenantView } } },
    async (request) => view(await tenants.update(request.params.tenant, request.body)),
  );

  app.delete(
    "/v1/tenants/:tenant",
    {
      schema: {
        params: TenantParams,
        querystring: Wait,
        response: { 200: Type.Object({ id: Type.String(), state: Type.Literal("deleted") }), 202: TenantView },
      },
    },
    async (request, reply) => {
      const tenant = await tenants.markDeleting(request.params.tenant);
      request.log.info({ tenant: tenant.id }, "tenant is being deleted");
      const waitMs = request.query.waitMs ?? 0;
      if (waitMs === 0) return reply.code(202).send(await view(tenant));
      if (!(await fleet.gone(tenant.id, waitMs))) {
        throw new EndcapError("upstream_timeout", { detail: "The deletion goes on; look again later." });
      }
      return reply.code(200).send({ id: tenant.id, state: "deleted" });
    },
  );
}
