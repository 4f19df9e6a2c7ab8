import type { FastifyPluginAsync } from "fastify";
import { slug } from "../catalogue/generate.ts";
import { accountPage, regulars } from "../pages/account.ts";
import { type ShopContext, show } from "./context.ts";
import { readUser, signIn, signOut } from "./user.ts";

/** Signing in without a password: fit for a demonstration and nothing else. */
export function account(context: ShopContext): FastifyPluginAsync {
  return async (app) => {
    app.get("/account", (request, reply) => show(request, reply, context, () => accountPage(readUser(request)?.name)));

    app.post<{ Body: { regular?: string; name?: string } | undefined }>(
      "/account/sign-in",
      {
        schema: {
          body: {
            type: "object",
            properties: { regular: { type: "string", maxLength: 60 }, name: { type: "string", maxLength: 60 } },
          },
        },
      },
      (request, reply) => {
        const regular = regulars.find(({ id }) => id === request.body?.regular);
        const name = (request.body?.name ?? "").trim();
        const user = regular ?? (slug(name) === "" ? undefined : { id: `u-${slug(name)}`, name });
        if (user === undefined) {
          reply.code(422);
          return show(request, reply, context, () => accountPage(undefined, "A name needs at least one letter."));
        }
        signIn(reply, user);
        return reply.redirect("/", 303);
      },
    );

    app.post("/account/sign-out", (_request, reply) => {
      signOut(reply);
      return reply.redirect("/", 303);
    });
  };
}
