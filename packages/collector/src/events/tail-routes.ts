import { type App, assertTenant } from "@endcap/service-kit";
import Type from "typebox";
import type { EventTail } from "./tail.ts";

/** An empty line this often tells both ends that the other is still there. */
const keepAliveMs = 10_000;

const TailQuery = Type.Object(
  { tenant: Type.String({ pattern: "^tnt-[a-z2-7]{16}$" }), env: Type.Enum(["live", "test"]) },
  { additionalProperties: false },
);

/** GET /internal/v1/events: one tenant's new events as NDJSON, for control. Imported history is not among them. */
export async function tailRoutes(app: App, { tail }: { readonly tail: EventTail }): Promise<void> {
  app.addHook("preClose", async () => tail.close());
  app.get(
    "/internal/v1/events",
    { config: { principal: "none" }, schema: { querystring: TailQuery } },
    async (request, reply) => {
      const { tenant, env } = request.query;
      assertTenant(request, tenant);
      reply.hijack();
      const out = reply.raw;
      if (out.destroyed) return; // left while its token was checked: its "close" has been told
      out.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
      out.flushHeaders();
      tail.follow({ tenant, env }, out);
      const keepAlive = setInterval(() => out.write("\n"), keepAliveMs);
      out.once("close", () => clearInterval(keepAlive));
    },
  );
}
