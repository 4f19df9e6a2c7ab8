import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope, SnapshotUpstream } from "@endcap/protocol";
import { type App, clientGone } from "@endcap/service-kit";
import httpProxy from "@fastify/http-proxy";
import type { FastifyReply, FastifyRequest } from "fastify";
import { admittedTo } from "../edge/gate.ts";
import { rawBodies } from "../edge/raw-bodies.ts";
import { traceHeaders } from "../tracing/trace-context.ts";
import { callerDeadline, deadlineHeader } from "./caller-deadline.ts";
import type { InternalTokens } from "./internal-tokens.ts";
import { type ProxiedCall, proxyRequest } from "./proxy-request.ts";
import { upstreamHeaders } from "./request-headers.ts";
import type { Upstreams } from "./upstreams.ts";

/** Routes whose requests go to one upstream as they are. */
export interface PassThroughRoute {
  readonly prefix: string;
  readonly routes: readonly string[];
  readonly methods: readonly ("GET" | "PUT" | "POST" | "DELETE")[];
  readonly upstream: SnapshotUpstream["kind"];
  /** Any one of these lets a secret key in. */
  readonly scopes: readonly Scope[];
  readonly body?: { readonly contentType: string; readonly bytesMax: number };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PassThroughOptions {
  readonly upstreams: Upstreams;
  readonly tokens: InternalTokens;
}

/** Fields of an upstream's answer that leave the house; the others say how the house is built. */
const answerFields: ReadonlySet<string> = new Set([
  "cache-control",
  "content-encoding",
  "content-length",
  "content-type",
  "endcap-should-retry",
  "etag",
  "last-modified",
  "retry-after",
]);

/**
 * @fastify/http-proxy with its defaults corrected. It streams the answer; the body was buffered by the gate, whose
 * digest check needs the whole of it. Corrected: the body's bound holds, headers are made and not copied, the upstream's
 * work ends with its client, nothing is retried behind our back, faults of a connection are told in our own words.
 */
export async function passThrough(app: App, route: PassThroughRoute, options: PassThroughOptions): Promise<void> {
  const { upstreams, tokens } = options;
  const calls = new AsyncLocalStorage<ProxiedCall>();
  rawBodies(app, route.body === undefined ? [] : [route.body.contentType], route.body?.bytesMax ?? 0);

  async function handler(request: FastifyRequest, reply: FastifyReply, destination: string) {
    const { caller, payload } = admittedTo(request);
    const upstream = upstreams.of(caller, route.upstream, caller.principal);
    const msMax = callerDeadline(request, reply);
    const headers = upstreamHeaders(await tokens[route.upstream].token(), caller.principalText, request.id, {
      ...route.headers,
      ...(request.passage?.trace && traceHeaders(request.passage.trace)),
      ...(msMax !== undefined && deadlineHeader(msMax, route.headers)),
      ...(payload !== null && route.body && { "content-type": route.body.contentType }),
    });
    const gone = clientGone(request);
    const signal = msMax === undefined ? gone : AbortSignal.any([gone, AbortSignal.timeout(msMax)]);
    return calls.run({ upstream, signal, passage: request.passage }, () =>
      reply.from(destination, {
        getUpstream: () => upstream.origin,
        rewriteRequestHeaders: () => headers,
        rewriteHeaders: (fields) =>
          Object.fromEntries(Object.entries(fields).filter(([name]) => answerFields.has(name))),
        onError: (failed, { error }) => void failed.send(error.cause ?? error),
        ...(payload !== null && route.body && { body: payload, contentType: route.body.contentType }),
      }),
    );
  }

  await app.register(httpProxy, {
    upstream: "",
    prefix: route.prefix,
    rewritePrefix: route.prefix,
    routes: [...route.routes],
    httpMethods: [...route.methods],
    config: { scopes: route.scopes },
    proxyPayloads: false,
    retryMethods: [],
    disableRequestLogging: true,
    replyOptions: {
      // Asked for when the plugin is set up, and never called: the handler above names the upstream.
      getUpstream: () => "",
    },
    undici: { request: proxyRequest(calls) },
    handler,
  });
}
