import type { KeyObject } from "node:crypto";
import { EndcapError, NODE_KEY_HEADER, SEALED_TO_HEADER } from "@endcap/protocol";
import { type App, createSealingHalf, internalAuth } from "@endcap/service-kit";
import Type from "typebox";
import type { SnapshotFeed } from "./feed.ts";
import type { SnapshotSource } from "./source.ts";
import { streamSnapshot } from "./stream.ts";

export interface SnapshotRoutesOptions {
  readonly jwksFile: string;
  readonly source: SnapshotSource;
  readonly feed: SnapshotFeed;
  readonly signingKey: KeyObject;
  readonly now: () => number;
}

/** Groups that hold no tenant's secrets, whatever they ask for. */
const WITHOUT_SECRETS: ReadonlySet<string> = new Set(["ml"]);

const Query = Type.Object({
  secrets: Type.Optional(Type.Literal("wrapped")),
  since: Type.Optional(Type.Integer({ minimum: 0, description: "The version that the receiver has" })),
});

/** `GET /internal/v1/snapshot`: a stream of signed lines that ends when control does. */
export async function snapshotRoutes(app: App, options: SnapshotRoutesOptions): Promise<void> {
  const open = new Set<NodeJS.WritableStream>();
  // The streams never end by themselves, so the server would wait for them at a shutdown.
  app.addHook("preClose", async () => {
    for (const stream of open) stream.end();
  });
  await app.register(internalAuth, { audience: "control", jwksFile: options.jwksFile });

  const route = { config: { principal: "none" }, schema: { querystring: Query } } as const;
  app.get("/internal/v1/snapshot", route, async (request, reply) => {
    const nodeKey = request.headers[NODE_KEY_HEADER];
    if (typeof nodeKey === "string" && WITHOUT_SECRETS.has(request.internal?.group ?? "")) {
      throw new EndcapError("tenant_forbidden", { internal: `${request.internal?.group} asked for secrets` });
    }
    const half = typeof nodeKey === "string" ? sealFor(nodeKey) : undefined;
    reply.hijack();
    const out = reply.raw;
    if (out.destroyed) return; // left while its token was checked: its "close" has been told
    out.writeHead(200, {
      "content-type": "application/x-ndjson",
      "cache-control": "no-store",
      ...(half !== undefined && { [SEALED_TO_HEADER]: half.publicKey }),
    });
    out.flushHeaders();
    open.add(out);
    out.once("close", () => open.delete(out));
    const onError = (error: unknown) => request.log.error({ err: error }, "the snapshot stream was broken off");
    const held = request.query.since;
    streamSnapshot({ ...options, out, onError, held, ...(half !== undefined && { sealingKey: half.sealingKey }) });
  });
}

/** A key of this one connection: it dies with it, so recorded traffic stays closed. */
function sealFor(nodeKey: string): { publicKey: string; sealingKey: KeyObject } {
  const half = createSealingHalf();
  try {
    return { publicKey: half.publicKey, sealingKey: half.agree(nodeKey) };
  } catch (cause) {
    throw new EndcapError("header_invalid", {
      detail: `${NODE_KEY_HEADER} must be an X25519 public key as base64url.`,
      cause,
    });
  }
}
