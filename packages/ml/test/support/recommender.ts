import { createServer } from "node:http";
import { DEADLINE_HEADER, EndcapError, type ErrorCode, type Principal, RankRequest } from "@endcap/protocol";
import {
  type App,
  clientGone,
  createService,
  internalAuth,
  type Part,
  type PartReply,
  partRoute,
  principalOf,
} from "@endcap/service-kit";
import { onTestFinished } from "vitest";
import type { House } from "./house.ts";
import { listFor } from "./list-for.ts";
import { closeServer, listenLocally } from "./listen.ts";

export type Behaviour =
  | { readonly kind: "good" }
  | { readonly kind: "hung" }
  | { readonly kind: "fault"; readonly code: ErrorCode; readonly detail?: string }
  | { readonly kind: "raw"; readonly status: number; readonly body: string };

export interface Seen {
  readonly principal: Principal;
  readonly rank: RankRequest;
  readonly by: "request" | "part";
  /** How long it was told that its caller waits. */
  readonly deadlineMs: number | undefined;
}

export interface RecommenderOptions {
  /** `false`: as recommenders were before there were open requests. */
  readonly parts?: boolean;
  /** Default 0, any. */
  readonly port?: number;
  /** How long closing waits for what is under way; default 0. */
  readonly drainMsMax?: number;
}

export interface Recommender {
  readonly url: string;
  readonly seen: Seen[];
  /** Open requests so far. */
  readonly opened: () => number;
  behave(behaviour: Behaviour): void;
  /** Resolves when a call's client has gone before its answer. */
  readonly abandoned: Promise<void>;
  close(): Promise<void>;
}

/** A small recommender of a tenant: a real service behind real tokens, with the test deciding how it behaves. */
export async function startRecommender(
  house: House,
  tenant: string,
  { parts = true, port = 0, drainMsMax = 0 }: RecommenderOptions = {},
): Promise<Recommender> {
  const service = createService({
    name: "recommender",
    config: {
      host: "127.0.0.1",
      port,
      adminHost: "127.0.0.1",
      adminPort: 0,
      logLevel: "silent",
      drainDelayMs: 0,
      drainMsMax,
    },
    trustRequestId: true,
  });
  let behaviour: Behaviour = { kind: "good" };
  const seen: Seen[] = [];
  let opened = 0;
  const gone = Promise.withResolvers<void>();
  const never = Promise.withResolvers<never>();
  await service.app.register(async (internal: App) => {
    await internal.register(internalAuth, { audience: "recommender", jwksFile: house.jwksFile, tenant });
    if (parts) {
      internal.addHook("onRequest", async ({ url }) => {
        if (url === "/internal/v1/rank-parts") opened += 1;
      });
      partRoute(internal, {
        path: "/internal/v1/rank-parts",
        payloadBytesMax: 1024 * 1024,
        tenant,
        answer: rankPart,
        observe: () => undefined,
        now: Date.now,
      });
    }
    internal.post("/internal/v1/recommend", { schema: { body: RankRequest } }, async (request, reply) => {
      const deadlineMs = Number(request.headers[DEADLINE_HEADER]);
      seen.push({ by: "request", principal: principalOf(request), rank: request.body, deadlineMs });
      clientGone(request).addEventListener("abort", () => gone.resolve());
      switch (behaviour.kind) {
        case "good":
          return listFor(request.body);
        case "hung":
          return never.promise;
        case "fault":
          throw new EndcapError(behaviour.code, behaviour.detail === undefined ? {} : { detail: behaviour.detail });
        case "raw":
          return reply.code(behaviour.status).type("application/json").send(Buffer.from(behaviour.body));
      }
    });
  });

  async function rankPart({ principal, payload, deadlineMs, gone: left }: Part): Promise<PartReply> {
    const rank: RankRequest = JSON.parse(payload.toString());
    seen.push({ by: "part", principal, rank, deadlineMs });
    left.addEventListener("abort", () => gone.resolve());
    switch (behaviour.kind) {
      case "good":
        return { status: 200, body: JSON.stringify(listFor(rank)) };
      case "hung":
        return await new Promise((resolve) => left.addEventListener("abort", () => resolve({ status: 499, body: "" })));
      case "fault":
        throw new EndcapError(behaviour.code, behaviour.detail === undefined ? {} : { detail: behaviour.detail });
      case "raw":
        return { status: behaviour.status, body: behaviour.body };
    }
  }

  const { url } = await service.listen();
  onTestFinished(() => service.close());
  return {
    url,
    seen,
    opened: () => opened,
    behave(next) {
      behaviour = next;
    },
    abandoned: gone.promise,
    close: () => service.close(),
  };
}

/** Something at an address that takes connections and hangs up at once. */
export async function startHangUp(): Promise<string> {
  const server = createServer((request) => request.socket.destroy());
  onTestFinished(() => closeServer(server));
  return await listenLocally(server);
}
