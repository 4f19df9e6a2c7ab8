import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { App } from "../app.ts";
import type { ObserveRequest } from "./metrics.ts";

/** Told of each completed request: the route's pattern, the status, milliseconds. */
export type OnCompleted = (request: FastifyRequest, route: string, status: number, ms: number) => void;

/** What a service adds to its completion records. Called only for records that are written. */
export type DescribeRequest = (request: FastifyRequest) => Readonly<Record<string, unknown>>;

/** nginx's word for "the client went away before the answer". */
const clientGone = 499;

/**
 * One record and one observation a request, when its answer is complete or its client is gone. Fastify's own logging
 * writes two lines before this one and costs more than the rest of a hot request.
 */
export function recordCompletion(
  app: App,
  log: Logger,
  observe: ObserveRequest | undefined,
  onCompleted: OnCompleted | undefined,
  describe: DescribeRequest | undefined,
): void {
  app.addHook("onRequest", (request, reply, done) => {
    // Fastify's own hooks miss a client that leaves between the end of its body and the answer.
    reply.raw.once("close", () => {
      complete(request, reply.raw.writableEnded ? reply.raw.statusCode : clientGone, reply.elapsedTime);
    });
    done();
  });

  function complete(request: FastifyRequest, status: number, ms: number): void {
    const route = request.routeOptions.url ?? "unmatched";
    observe?.(request.method, route, status, ms / 1000);
    onCompleted?.(request, route, status, ms);
    const level = request.routeOptions.config?.quiet ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    const { principal, fault } = request;
    const record = {
      reqId: request.id,
      tenant: principal?.tenant,
      tier: principal?.tier,
      method: request.method,
      route,
      status,
      durationMs: Math.round(ms * 1000) / 1000,
      code: fault?.code,
      ...describe?.(request),
      reason: fault !== null && status < 500 ? fault.message : undefined,
      err: fault !== null && status >= 500 ? (fault.cause ?? fault) : undefined,
    };
    log[status >= 500 ? "error" : level](record, "request completed");
  }
}
