import type { Duplex } from "node:stream";
import { EndcapError, type ErrorCode } from "@endcap/protocol";
import Fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import type { Logger } from "pino";
import type { App, TypeBoxProvider } from "../app.ts";
import { rememberMethods } from "./allowed-methods.ts";
import { BodyRequest } from "./body-request.ts";
import { watchClients } from "./client-gone.ts";
import { type DescribeRequest, type OnCompleted, recordCompletion } from "./completion.ts";
import type { ObserveRequest } from "./metrics.ts";
import { endcapErrorOf, problemResponse } from "./problems.ts";
import { createRequestIds, givenRequestId, requestIdHeader } from "./request-id.ts";
import { TextResponse } from "./text-response.ts";
import { typeboxValidator } from "./validator.ts";

export interface AppOptions {
  readonly log: Logger;
  /** Absent: no metrics are kept. */
  readonly observe?: ObserveRequest;
  readonly onCompleted?: OnCompleted;
  readonly describe?: DescribeRequest;
  /** Take `endcap-request-id` over from the caller. Only behind the gateway. */
  readonly trustRequestId?: boolean;
  /** Default 1 MiB; a route may set its own. */
  readonly bodyLimitBytes?: number;
  /** Time for a whole request to arrive, headers and body. Default 30 s. */
  readonly requestMsMax?: number;
  /** Take the client's address from X-Forwarded-For. */
  readonly trustProxy?: boolean;
  readonly now?: () => number;
  /** All requests log with the app's own logger. Default false: each has a child of it, which tells its id. */
  readonly sharedLogger?: boolean;
}

/** Not by import: that reads every export of `node:http`, and one loads an HTTP client: 14 MB, two of which stay. */
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** A Fastify app that speaks problem+json, logs one record a request and keeps RED metrics by route. */
export function createApp(options: AppOptions): App {
  const now = options.now ?? Date.now;
  const newId = createRequestIds();
  const trust = options.trustRequestId ?? false;
  const requestMsMax = options.requestMsMax ?? 30_000;

  const logger: FastifyBaseLogger = options.sharedLogger ? childless(options.log) : options.log;
  const app: App = Fastify({
    loggerInstance: logger,
    genReqId: (raw) => (trust ? givenRequestId(raw.headers[requestIdHeader]) : undefined) ?? newId(),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "reqId" }),
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    // One hop: the address that the balancer in front of us added. Those before it are whatever the client wrote.
    trustProxy: options.trustProxy ? (_peer, hop) => hop === 0 : false,
    requestTimeout: requestMsMax,
    // Fastify sets its own option on the finished server, where Node no longer ends a body that never comes: only the
    // constructor's counts. And Node looks every 30 s unless told otherwise.
    http: {
      IncomingMessage: BodyRequest,
      ServerResponse: TextResponse,
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: 1_000,
      // Node's own refusal of a request without one says nothing; whoever needs the host says so in our words.
      requireHostHeader: false,
    },
    // Long enough that the keep-alive clients in front, which give up earlier, never meet a closing socket.
    keepAliveTimeout: 72_000,
    // While draining, requests on open connections are still served; `Connection: close` sends the client elsewhere.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 2_000 },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    clientErrorHandler(error, socket) {
      const code = codeOfBroken(error);
      if (code !== undefined) refuseUnread(code, socket);
    },
  }).withTypeProvider<TypeBoxProvider>();

  app.setValidatorCompiler(typeboxValidator);
  app.decorateRequest("principal", null);
  app.decorateRequest("internal", null);
  app.decorateRequest("fault", null);
  watchClients(app);
  // Left to Node, the first is hung up on and the second is answered in words of its own.
  app.server.on("connect", (_request, socket) => refuseUnread("method_not_allowed", socket));
  app.server.on("checkExpectation", ({ socket }) => refuseUnread("header_invalid", socket));
  recordCompletion(app, options.log, options.observe, options.onCompleted, options.describe);

  /** There is no request to record, but somebody who looks why a client fails has to find it. */
  function refuseUnread(code: ErrorCode, socket: Duplex): void {
    if (socket.destroyed) return;
    const reqId = newId();
    const status = refuseAtSocket(code, socket, reqId, now());
    options.observe?.("none", "unread", status, 0);
    options.log.info({ reqId, status, code }, "request refused unread");
  }

  function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
    const error = endcapErrorOf(thrown);
    request.fault = error;
    const { status, headers, body } = problemResponse(error, request.id, now());
    for (const [name, value] of Object.entries(headers)) {
      if (!reply.hasHeader(name) || name === "content-type") reply.header(name, value);
    }
    if (error.code === "framing_invalid") reply.header("connection", "close");
    // As bytes, so that no response schema of the route reshapes it.
    return reply.code(status).send(Buffer.from(body));
  }

  const methodsOf = rememberMethods(app);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url.split("?", 1)[0] ?? "/");
    if (methods.length > 0) reply.header("allow", methods.join(", "));
    throw new EndcapError(methods.length > 0 ? "method_not_allowed" : "not_found");
  });
  return app;
}

/**
 * A logger that is its own child. Fastify takes what its own factory makes of it as it is; a logger from any other factory
 * it looks through for seven methods, with each request.
 */
function childless(log: Logger): FastifyBaseLogger {
  const self: FastifyBaseLogger = Object.create(log, { child: { value: () => self } });
  return self;
}

/** What Node and its parser call a request that cannot be read, and what we call it. Everything else: `header_invalid`. */
const brokenCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "framing_invalid",
  // Bytes behind a request that was to be the last.
  HPE_CLOSED_CONNECTION: "framing_invalid",
  HPE_INVALID_CHUNK_SIZE: "framing_invalid",
  HPE_INVALID_CONTENT_LENGTH: "framing_invalid",
  HPE_INVALID_TRANSFER_ENCODING: "framing_invalid",
  HPE_UNEXPECTED_CONTENT_LENGTH: "framing_invalid",
};

/** What the parser may say beside a code. */
interface BrokenRequest extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** Bytes that are no HTTP request, or came too slowly. `undefined`: the client hung up. */
function codeOfBroken({ code = "", reason = "" }: BrokenRequest): ErrorCode | undefined {
  if (code === "ECONNRESET") return undefined;
  // A line end that is missed has one code, be it in a header or in a chunk, where it decides where the request ends.
  const isChunk = reason.includes("chunk");
  return brokenCodes[code] ?? (isChunk ? "framing_invalid" : "header_invalid");
}

function refuseAtSocket(code: ErrorCode, socket: Duplex, requestId: string, now: number): number {
  const { status, headers, body } = problemResponse(new EndcapError(code), requestId, now);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`, "connection: close");
  if (socket.writable)
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.destroy();
  return status;
}
