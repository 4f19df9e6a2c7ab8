import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { FastifyReply } from "fastify";
import { callerDeadline } from "../forward/caller-deadline.ts";
import type { Coalescer } from "../forward/coalescer.ts";
import { refusalOf } from "../forward/refusal.ts";
import type { Upstreams } from "../forward/upstreams.ts";
import type { Meter } from "../metering/meter.ts";
import type { SessionObjects } from "../sessions/session-objects.ts";
import { sessionFor, withSession } from "../sessions/with-session.ts";
import { addressMark } from "./address-mark.ts";
import { answerJson } from "./answer.ts";
import { admittedTo } from "./gate.ts";

export interface EventsRouteOptions {
  readonly upstreams: Upstreams;
  readonly coalescer: Coalescer;
  readonly sessions: SessionObjects;
  readonly meter: Meter;
  readonly draining: () => boolean;
}

const noBytes = Buffer.alloc(0);

/**
 * POST /v1/events: the payload goes to the tenant's collector unread; its verdicts come back. By callbacks: a promise for
 * each step of each request was a tenth of its cost.
 */
export function eventsRoute(app: App, options: EventsRouteOptions): void {
  const { upstreams, coalescer, sessions, meter, draining } = options;
  const config = { scopes: ["events:write"], envelope: "events", traffic: "events" } as const;
  app.post("/v1/events", { config }, (request, reply) => {
    const { caller, payload } = admittedTo(request);
    const upstream = upstreams.of(caller, "collector", caller.principal);
    const session = sessionFor(sessions, request, caller);
    const head = { principal: caller.principalText, requestId: request.id, mark: addressMark(caller, request) };
    let deadline: NodeJS.Timeout | undefined;
    coalescer.add(upstream, head, payload ?? noBytes, request.passage, (outcome) => {
      clearTimeout(deadline);
      if (!(outcome instanceof Error) && outcome.status < 300) {
        meter.accepted(caller.usage, caller.principal, outcome.body);
      }
      // Whoever waited no longer sends the batch again, and what was stored meanwhile is then a duplicate.
      if (reply.sent) return;
      if (outcome instanceof Error) void reply.send(outcome);
      else if (outcome.status >= 300) void reply.send(refusalOf(upstream.id, outcome.status, outcome.body));
      else if (session === undefined) answerJson(reply, outcome.status, outcome.text, outcome.isAscii, draining());
      else answerJson(reply, outcome.status, withSession(outcome.text, session), false, draining());
    });
    const msMax = callerDeadline(request, reply);
    if (msMax !== undefined) deadline = setTimeout(endDeadline, msMax, reply, upstream.id);
  });
}

/** The caller's deadline says nothing about the upstream: its breaker is not told. */
function endDeadline(reply: FastifyReply, upstreamId: string): void {
  void reply.send(new EndcapError("upstream_timeout", { internal: `upstream ${upstreamId}: deadline passed` }));
}
