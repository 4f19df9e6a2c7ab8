import {
  CONTROL_KEY,
  EndcapError,
  encodePrincipal,
  PRINCIPAL_HEADER,
  Preview,
  type Principal,
  RecommendationAnswer,
  RecommendationRequest,
} from "@endcap/protocol";
import type { App, InternalIssuer } from "@endcap/service-kit";
import Type from "typebox";
import { Value } from "typebox/value";
import { Environment } from "../keys/model.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const LOOK_MS_MAX = 5_000;

const LookRequest = Type.Object(
  {
    ...RecommendationRequest.properties,
    env: Type.Optional(Environment),
    at: Type.Optional({
      ...Preview.properties.at,
      description: "The placement's rules as of this time; now when left out",
    }),
  },
  { title: "LookRequest", additionalProperties: false },
);

/**
 * What a shopper would be shown, with reasons and scores: asked of ml as the gateway asks, in control's own name, and not
 * logged as served. Catalogue, model and history are those of now, whatever the time of the rules.
 */
export function lookRoutes(app: App, { tenants, fleet, now }: AdminContext, issuer: InternalIssuer): void {
  app.post(
    "/v1/tenants/:tenant/recommendations",
    { schema: { params: TenantParams, body: LookRequest } },
    async (request) => {
      const { id, tier } = await tenants.get(request.params.tenant);
      const { env = "live", at = new Date(now()).toISOString(), ...asked } = request.body;
      const principal: Principal = {
        tenant: id,
        env,
        tier,
        scope: ["recommendations:read"],
        auth: "sk",
        key: CONTROL_KEY,
      };
      const headers = {
        authorization: `Bearer ${await issuer.token()}`,
        [PRINCIPAL_HEADER]: encodePrincipal(principal),
        "content-type": "application/json",
      };
      const body = JSON.stringify({ include: ["item", "reason", "score", "rules"], ...asked, preview: { at } });
      const url = new URL("/v1/recommendations", fleet.url("ml"));
      const answer = await fetch(url, {
        method: "POST",
        headers,
        body,
        signal: AbortSignal.timeout(LOOK_MS_MAX),
      }).catch((cause: unknown) => {
        throw new EndcapError("upstream_unavailable", { internal: "ml did not answer", cause });
      });
      const content: unknown = await answer.json();
      if (answer.ok && Value.Check(RecommendationAnswer, content)) return content;
      throw new EndcapError("upstream_invalid", {
        internal: `ml answered ${answer.status}: ${JSON.stringify(content)}`,
      });
    },
  );
}
