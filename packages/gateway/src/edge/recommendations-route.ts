import { DEADLINE_HEADER } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import { callUpstream } from "../forward/call-upstream.ts";
import { callerDeadline } from "../forward/caller-deadline.ts";
import type { InternalTokens } from "../forward/internal-tokens.ts";
import { refusalOfBytes } from "../forward/refusal.ts";
import { upstreamHeaders } from "../forward/request-headers.ts";
import type { Upstreams } from "../forward/upstreams.ts";
import type { SessionObjects } from "../sessions/session-objects.ts";
import { sessionFor, withSession } from "../sessions/with-session.ts";
import { traceHeaders } from "../tracing/trace-context.ts";
import { answerJson } from "./answer.ts";
import { admittedTo } from "./gate.ts";

export interface RecommendationsRouteOptions {
  readonly upstreams: Upstreams;
  readonly tokens: InternalTokens;
  readonly sessions: SessionObjects;
  readonly deadlineMs: number;
  readonly draining: () => boolean;
}

const answerBytesMax = 8 * 1024 * 1024;

/** POST /v1/recommendations: one request to the tenant's ml, which ends with its client. */
export function recommendationsRoute(app: App, options: RecommendationsRouteOptions): void {
  const { upstreams, tokens, sessions, deadlineMs, draining } = options;
  const config = { scopes: ["recommendations:read"], envelope: "call", traffic: "recommendations" } as const;
  app.post("/v1/recommendations", { config }, async (request, reply) => {
    const { caller, payload } = admittedTo(request);
    const upstream = upstreams.of(caller.tenant, "ml", caller.principal);
    const msMax = callerDeadline(request, reply);
    const session = sessionFor(sessions, request, caller);
    const headers = upstreamHeaders(await tokens.ml.token(), caller.principalText, request.id, {
      "content-type": "application/json",
      [DEADLINE_HEADER]: String(Math.min(deadlineMs, msMax ?? deadlineMs)),
      ...(request.passage?.trace && traceHeaders(request.passage.trace)),
    });
    const call = {
      method: "POST",
      path: "/v1/recommendations",
      headers,
      body: payload,
      answerBytesMax,
      msMax,
    } as const;
    const startedAt = performance.now();
    const pending = callUpstream(upstream, call);
    reply.raw.once("close", () => {
      if (!reply.raw.writableEnded) pending.cancel();
    });
    const { status, body } = await pending.answer.finally(() => {
      if (request.passage !== null) request.passage.upstreamMs = performance.now() - startedAt;
    });
    if (status !== 200) throw refusalOfBytes(upstream.id, status, body);
    answerJson(reply, status, withSession(body.toString("utf8"), session), draining());
  });
}
