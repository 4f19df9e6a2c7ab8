import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { SdkFile, SdkFiles } from "./sdk-files.ts";

const Params = Type.Object({ file: Type.String({ pattern: "^[0-9a-f]{16}\\.js$" }) });

/**
 * GET /sdk/v1.js follows the newest build; GET /sdk/<hash>.js is one build for ever, to be named with its integrity;
 * GET /sdk/manifest.json says both. Any page may load them, and `crossorigin` scripts need that said.
 */
export async function sdkRoutes(app: App, files: SdkFiles): Promise<void> {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("endcap-request-id", request.id);
    reply.header("access-control-allow-origin", "*");
    reply.header("cross-origin-resource-policy", "cross-origin");
    reply.header("x-content-type-options", "nosniff");
  });

  app.get("/sdk/v1.js", async (request, reply) => {
    const file = present(files.current());
    reply.header("cache-control", "public, max-age=300, stale-while-revalidate=86400");
    return sendScript(request, reply, file);
  });

  app.get("/sdk/:file", { schema: { params: Params } }, async (request, reply) => {
    const file = present(files.byHash(request.params.file.slice(0, -".js".length)));
    reply.header("cache-control", "public, max-age=31536000, immutable");
    return sendScript(request, reply, file);
  });

  app.get("/sdk/manifest.json", async (_request, reply) => {
    const { hash, integrity, plain, brotli } = present(files.current());
    reply.header("cache-control", "public, max-age=60");
    return {
      files: [{ name: "v1.js", path: `/sdk/${hash}.js`, integrity, bytes: plain.length, brotliBytes: brotli.length }],
    };
  });
}

function present(file: SdkFile | undefined): SdkFile {
  if (file === undefined) throw new EndcapError("not_found", { internal: "there is no such build of the browser SDK" });
  return file;
}

function sendScript(request: FastifyRequest, reply: FastifyReply, file: SdkFile) {
  const etag = `"${file.hash}"`;
  reply.header("etag", etag).header("vary", "accept-encoding");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  reply.type("text/javascript; charset=utf-8");
  const accepted = String(request.headers["accept-encoding"] ?? "");
  if (/\bbr\b/.test(accepted)) return reply.header("content-encoding", "br").send(file.brotli);
  if (/\bgzip\b/.test(accepted)) return reply.header("content-encoding", "gzip").send(file.gzip);
  return reply.send(file.plain);
}
