import { EndcapError, ServedRecord } from "@endcap/protocol";
import { type App, principalOf } from "@endcap/service-kit";
import type { Tables } from "@endcap/storage";
import { expiresAt } from "../retention.ts";

export interface ServedRoutesOptions {
  readonly tables: Tables;
  readonly now: () => number;
}

/** POST /internal/v1/served: a fallback list that ml answered. The recommender writes its own lists itself. */
export async function servedRoutes(app: App, { tables, now }: ServedRoutesOptions): Promise<void> {
  app.post("/internal/v1/served", { schema: { body: ServedRecord } }, async (request, reply) => {
    const { tenant, env, tier } = principalOf(request);
    const record = request.body;
    if (Number.isNaN(Date.parse(record.at))) {
      throw new EndcapError("invalid_request", { errors: [{ pointer: "/at", code: "format" }] });
    }
    await using table = await tables.open({ tenant, env });
    await table.served.put([record], { expiresAt: expiresAt(tier, now()) });
    return reply.code(204).send();
  });
}
