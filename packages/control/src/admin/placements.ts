import { assertPlacement, Placement } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const { id: _id, ...rules } = Placement.properties;
const PlacementBody = Type.Object(rules, { title: "PlacementBody", additionalProperties: false });
const PlacementParams = Type.Object({ tenant: Type.String(), placement: Placement.properties.id });

export function placementRoutes(app: App, { tenants, placements }: AdminContext): void {
  app.get(
    "/v1/tenants/:tenant/placements",
    { schema: { params: TenantParams, response: { 200: Type.Object({ placements: Type.Array(Placement) }) } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      return { placements: await placements.list(id) };
    },
  );

  app.put(
    "/v1/tenants/:tenant/placements/:placement",
    { schema: { params: PlacementParams, body: PlacementBody, response: { 200: Placement } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      const placement = { id: request.params.placement, ...request.body };
      assertPlacement(placement);
      return placements.put(id, placement);
    },
  );

  app.delete(
    "/v1/tenants/:tenant/placements/:placement",
    { schema: { params: PlacementParams } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      await placements.remove(id, request.params.placement);
      return reply.code(204).send();
    },
  );
}
