import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyCookie from "@fastify/cookie";
import fastifyFormbody from "@fastify/formbody";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { brokenPage, notFoundPage } from "../pages/not-found.ts";
import { account } from "./account.ts";
import { browse } from "./browse.ts";
import { buy } from "./buy.ts";
import { type ShopContext, type ShopEndcap, show } from "./context.ts";
import { OrderBook } from "./orders.ts";

const publicDirectory = fileURLToPath(new URL("../../public", import.meta.url));

export interface ShopOptions {
  catalogue: Catalogue;
  /** Where shoppers reach the shop, without a slash at its end; by default the address it listens on. */
  origin?: string;
  /** File of the order book. */
  ordersPath: string;
  /** Signs the sign-in cookie. */
  cookieSecret: string;
  /** Asked on every request: the shop may open before Endcap is there. */
  endcap?: () => ShopEndcap | undefined;
  now?: () => Date;
  /** Warnings and errors as JSON lines; off in tests. */
  logLevel?: "silent" | "warn" | "info";
}

/** The shop as a Fastify app, not yet listening. */
export async function buildShop(options: ShopOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: { level: options.logLevel ?? "warn" },
    bodyLimit: 16 * 1024,
    // Browsers keep connections open; without this, closing would wait for them.
    forceCloseConnections: true,
  });
  const context: ShopContext = {
    catalogue: options.catalogue,
    orders: await OrderBook.open(options.ordersPath, options.catalogue),
    endcap: options.endcap ?? (() => undefined),
    origin: () => options.origin ?? app.listeningOrigin,
    assetVersion: await versionOf(publicDirectory),
    now: options.now ?? (() => new Date()),
  };

  await app.register(fastifyCookie, { secret: options.cookieSecret });
  await app.register(fastifyFormbody);
  await app.register(fastifyStatic, { root: publicDirectory, prefix: "/assets/", maxAge: "1h" });

  app.addHook("onSend", async (_request, reply) => {
    reply.header("content-security-policy", contentSecurityPolicy(context.endcap()?.endpoint));
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "strict-origin-when-cross-origin");
  });
  // One address, so that the basket's cookie is there whichever way a shopper came.
  app.addHook("onRequest", async (request, reply) => {
    if (request.hostname !== "localhost" || request.method !== "GET") return;
    const home = new URL(context.origin());
    if (home.hostname === "127.0.0.1") return reply.redirect(home.origin + request.url, 302);
  });
  // SameSite=Lax stops cross-site posts in today's browsers; this stops them in the others.
  app.addHook("onRequest", async (request, reply) => {
    if (request.method !== "POST" || request.headers.origin === undefined) return;
    if (request.headers.origin !== `${request.protocol}://${request.host}`)
      return reply.code(403).send("Posted from another site.");
  });
  app.setNotFoundHandler((request, reply) => show(request, reply.code(404), context, notFoundPage));
  app.setErrorHandler((error, request, reply) => {
    const status = statusOf(error);
    if (status >= 500) request.log.error(error);
    return show(request, reply.code(status), context, status >= 500 ? brokenPage : notFoundPage);
  });

  await app.register(browse(context));
  await app.register(buy(context));
  await app.register(account(context));
  return app;
}

/** This shop's own files and the gateway, nothing else; no inline script, no inline style. */
function contentSecurityPolicy(gateway: string | undefined): string {
  const endcap = gateway === undefined ? "" : ` ${new URL(gateway).origin}`;
  return [
    "default-src 'none'",
    `script-src 'self'${endcap}`,
    `connect-src 'self'${endcap}`,
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

async function versionOf(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(directory)).toSorted()) hash.update(await readFile(join(directory, name)));
  return hash.digest("hex").slice(0, 10);
}
