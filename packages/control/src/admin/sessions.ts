import { LIMITS } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import Type from "typebox";
import type { AdminContext } from "./context.ts";

const SessionParams = Type.Object({
  tenant: Type.String(),
  session: Type.String({ minLength: 1, maxLength: 100, description: "jti of the session token" }),
});

export function sessionRoutes(app: App, { db, tenants, now }: AdminContext): void {
  app.post(
    "/v1/tenants/:tenant/sessions/:session/revoke",
    { schema: { params: SessionParams } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      // A frozen batch signed under the session may come as late as this, so the refusal has to be remembered as long.
      const until = new Date(now() + LIMITS.batchAgeMs + LIMITS.sessionMs);
      await db.query(
        "INSERT INTO revoked_sessions (jti, tenant_id, until) VALUES ($1, $2, $3) ON CONFLICT (jti) DO NOTHING",
        [request.params.session, id, until],
      );
      return reply.code(204).send();
    },
  );
}
