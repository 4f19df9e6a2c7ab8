import { EndcapError } from "@endcap/protocol";
import { type App, principalOf } from "@endcap/service-kit";
import Type from "typebox";
import { requireScope } from "../scope.ts";

const Params = Type.Object({
  kind: Type.Union([Type.Literal("anonymous"), Type.Literal("user")]),
  id: Type.String({ minLength: 1, maxLength: 500 }),
});

/** DELETE and GET /v1/shoppers/{anonymous|user}/{id}. This release cannot erase, and says so rather than pretend. */
export async function shopperRoutes(app: App): Promise<void> {
  app.route({
    method: ["DELETE", "GET"],
    url: "/v1/shoppers/:kind/:id",
    schema: { params: Params },
    handler: async (request) => {
      requireScope(principalOf(request), "shopper:erase");
      throw new EndcapError("erasure_unavailable");
    },
  });
}
