import { isAscii } from "node:buffer";
import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import { callerDeadline } from "../forward/caller-deadline.ts";
import type { Parts } from "../forward/parts.ts";
import { refusalOfBytes } from "../forward/refusal.ts";
import type { Upstreams } from "../forward/upstreams.ts";
import type { SessionObjects } from "../sessions/session-objects.ts";
import { sessionFor, withSession } from "../sessions/with-session.ts";
import { answerJson } from "./answer.ts";
import { admittedTo } from "./gate.ts";

export interface RecommendationsRouteOptions {
  readonly upstreams: Upstreams;
  readonly parts: Parts;
  readonly sessions: SessionObjects;
  readonly deadlineMs: number;
  readonly draining: () => boolean;
}

const noBytes = Buffer.alloc(0);

/** POST /v1/recommendations: a part of an open request to the tenant's ml, which is given up when its client leaves. */
export function recommendationsRoute(app: App, options: RecommendationsRouteOptions): void {
  const { upstreams, parts, sessions, deadlineMs, draining } = options;
  const config = { scopes: ["recommendations:read"], envelope: "call", traffic: "recommendations" } as const;
  app.post("/v1/recommendations", { config }, (request, reply) => {
    const { caller, payload } = admittedTo(request);
    const upstream = upstreams.of(caller, "ml", caller.principal);
    const msMax = callerDeadline(request, reply);
    const session = sessionFor(sessions, request, caller);
    const question = {
      principal: caller.principalText,
      requestId: request.id,
      payload: payload ?? noBytes,
      deadlineMs: Math.min(deadlineMs, msMax ?? deadlineMs),
      msMax,
      passage: request.passage,
    };
    const cancel = parts.ask(upstream, question, (outcome) => {
      if (outcome instanceof EndcapError) void reply.send(outcome);
      else if (outcome.status !== 200) void reply.send(refusalOfBytes(upstream.id, outcome.status, outcome.body));
      else if (session === undefined && isAscii(outcome.body)) {
        answerJson(reply, 200, outcome.body.toString("latin1"), true, draining());
      } else answerJson(reply, 200, withSession(outcome.body.toString("utf8"), session), false, draining());
    });
    reply.raw.once("close", cancel);
  });
}
