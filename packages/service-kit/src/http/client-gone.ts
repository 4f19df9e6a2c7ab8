import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../app.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Kept by `clientGone`; look at that. */
    goneController: AbortController | null;
    answering: FastifyReply["raw"] | null;
  }
}

/**
 * Fastify's own `request.signal` follows the request stream's `close`, which Node emits as soon as a body has been read:
 * on a POST it aborts while the client is still waiting. What the client's leaving really closes is the answer.
 */
export function watchClients(app: App): void {
  app.decorateRequest("goneController", null);
  app.decorateRequest("answering", null);
  app.addHook("onRequest", (request, reply, done) => {
    request.answering = reply.raw;
    done();
  });
}

/** Aborts when the connection closes before the whole answer was written. Made when first asked for. */
export function clientGone(request: FastifyRequest): AbortSignal {
  const { answering, goneController: known } = request;
  if (known !== null) return known.signal;
  const controller = new AbortController();
  request.goneController = controller;
  const gone = (): void => {
    if (!answering?.writableFinished) controller.abort();
  };
  if (answering?.destroyed) gone();
  else answering?.once("close", gone);
  return controller.signal;
}
