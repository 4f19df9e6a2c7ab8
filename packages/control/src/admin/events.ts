import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { EndcapError } from "@endcap/protocol";
import type { App, InternalIssuer } from "@endcap/service-kit";
import Type from "typebox";
import { Environment } from "../keys/model.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const EventsQuery = Type.Object({ env: Type.Optional(Environment) }, { additionalProperties: false });

/** A tenant's events as the collector accepts them: its NDJSON, handed through until either side goes. */
export function eventRoutes(app: App, { tenants, fleet }: AdminContext, issuer: InternalIssuer): void {
  const stop = new AbortController();
  app.addHook("preClose", async () => stop.abort());

  app.get(
    "/v1/tenants/:tenant/events",
    { schema: { params: TenantParams, querystring: EventsQuery } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const url = new URL("/internal/v1/events", fleet.url("collector"));
      url.search = new URLSearchParams({ tenant: id, env: request.query.env ?? "live" }).toString();
      const answer = await fetch(url, {
        headers: { authorization: `Bearer ${await issuer.token()}` },
        signal: AbortSignal.any([stop.signal, gone.signal]),
      }).catch((cause: unknown) => {
        throw new EndcapError("upstream_unavailable", { internal: "the collector did not answer", cause });
      });
      if (answer.status !== 200 || answer.body === null) {
        throw new EndcapError("upstream_invalid", { internal: `the collector answered ${answer.status}` });
      }
      return reply.type("application/x-ndjson").send(Readable.fromWeb(answer.body as ReadableStream));
    },
  );
}
