import type { App } from "@endcap/service-kit";
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
    const upstream = upstreams.of(caller.tenant, "collector", caller.principal);
    const session = sessionFor(sessions, request, caller);
    const head = { principal: caller.principalText, requestId: request.id, mark: addressMark(caller, request) };
    coalescer.add(upstream, head, payload ?? noBytes, request.passage, (outcome) => {
      if (outcome instanceof Error) {
        void reply.send(outcome);
        return;
      }
      const { status, body, text } = outcome;
      if (status >= 300) {
        void reply.send(refusalOf(upstream.id, status, body));
        return;
      }
      meter.accepted(caller.tenant.load.usage, caller.principal, body);
      answerJson(reply, status, withSession(text, session), draining());
    });
  });
}
