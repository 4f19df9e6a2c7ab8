import { EndcapError, LinkRequest, type Principal } from "@endcap/protocol";
import { type App, principalOf } from "@endcap/service-kit";
import type { Tables } from "@endcap/storage";
import Type from "typebox";

export interface LinkRoutesOptions {
  readonly tables: Tables;
  readonly now: () => number;
}

const LinkAnswer = Type.Object({
  result: Type.Union([Type.Literal("stored"), Type.Literal("duplicate"), Type.Literal("other")], {
    description: "other: the anonymous id belongs to another user already; nothing was written",
  }),
  serverTime: Type.String(),
});

/** POST /internal/v1/links: the gateway saw a session prove both ids. */
export async function linkRoutes(app: App, { tables, now }: LinkRoutesOptions): Promise<void> {
  app.post(
    "/internal/v1/links",
    { schema: { body: LinkRequest, response: { 200: LinkAnswer } } },
    async (request): Promise<{ result: "stored" | "duplicate" | "other"; serverTime: string }> => {
      const principal = principalOf(request);
      const { anonymousId, userId, at } = request.body;
      agree(principal, anonymousId, userId);
      const provenAt = Date.parse(at);
      if (Number.isNaN(provenAt)) {
        throw new EndcapError("invalid_request", { errors: [{ pointer: "/at", code: "format" }] });
      }
      await using table = await tables.open({ tenant: principal.tenant, env: principal.env });
      const result = await table.events.link({ anonymousId, userId, at: provenAt });
      return { result, serverTime: new Date(now()).toISOString() };
    },
  );
}

/** A link joins the ids of the session itself, never somebody else's. */
function agree(principal: Principal, anonymousId: string, userId: string): void {
  const differ = (proven: string | undefined, given: string) => proven !== undefined && proven !== given;
  if (differ(principal.anonymousId, anonymousId) || differ(principal.userId, userId)) {
    throw new EndcapError("identity_denied", { internal: "the link names other ids than the principal" });
  }
}
