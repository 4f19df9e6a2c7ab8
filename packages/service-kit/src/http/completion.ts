import type { FastifyRequest } from "fastify";
import { type Logger, pino } from "pino";
import type { App } from "../app.ts";
import type { ObserveRequest } from "./metrics.ts";
import { msText } from "./ms-text.ts";

/** Told of each completed request: the route's pattern, the status, milliseconds. */
export type OnCompleted = (request: FastifyRequest, route: string, status: number, ms: number) => void;

/** What a service adds to its completion records: members of a JSON object as text, each behind a comma. */
export type DescribeRequest = (request: FastifyRequest) => string;

/** nginx's word for "the client went away before the answer". */
const clientGone = 499;
const message = "request completed";

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
  const write = lineWriter(log);

  app.addHook("onRequest", (request, reply, done) => {
    const { raw } = reply;
    // Fastify's own hooks miss a client that leaves between the end of its body and the answer. It comes once.
    raw.on("close", () => complete(request, raw.writableEnded ? raw.statusCode : clientGone, reply.elapsedTime));
    done();
  });

  function complete(request: FastifyRequest, status: number, ms: number): void {
    const { url: route = "unmatched", config } = request.routeOptions;
    observe?.(request.method, route, status, ms / 1000);
    onCompleted?.(request, route, status, ms);
    const level = config?.quiet ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    const { id, method, principal, fault } = request;
    // None of these can hold what JSON escapes: ids of one form, patterns and codes of our own.
    let members = `"reqId":"${id}"`;
    if (principal !== null) members += `,"tenant":"${principal.tenant}","tier":"${principal.tier}"`;
    members += `,"method":"${method}","route":"${route}","status":${status},"durationMs":${msText(ms)}`;
    if (describe !== undefined) members += describe(request);
    if (fault !== null) members += `,"code":"${fault.code}"`;
    if (status >= 500) {
      log.error({ ...JSON.parse(`{${members}}`), ...(fault !== null && { err: fault.cause ?? fault }) }, message);
      return;
    }
    if (fault !== null) members += `,"reason":${JSON.stringify(fault.message)}`;
    write(level, members);
  }
}

/**
 * Writes records to the logger's own stream, as it would write them, from members that are JSON text already: pino's way
 * from an object to a line costs a hot request more than its authentication.
 */
function lineWriter(log: Logger): (level: "debug" | "info", members: string) => void {
  const stream: unknown = Reflect.get(log, pino.symbols.streamSym);
  if (!isStream(stream)) throw new TypeError("the logger has no stream");
  const bindings = JSON.stringify(log.bindings()).slice(1, -1);
  const fixed = bindings === "" ? "" : `,${bindings}`;
  const { debug, info } = log.levels.values;
  // A busy service writes several records in a millisecond.
  let [writtenAt, writtenText] = [0, "0"];
  return (level, members) => {
    const at = Date.now();
    if (at !== writtenAt) [writtenAt, writtenText] = [at, String(at)];
    const head = `{"level":${level === "info" ? info : debug},"time":${writtenText}${fixed}`;
    stream.write(`${head},${members},"msg":"${message}"}\n`);
  };
}

function isStream(value: unknown): value is { write(line: string): void } {
  return typeof value === "object" && value !== null && "write" in value && typeof value.write === "function";
}
