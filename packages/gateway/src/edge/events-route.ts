import { LIMITS } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { Coalescer } from "../forward/coalescer.ts";
import { refusalOf } from "../forward/refusal.ts";
import type { Upstreams } from "../forward/upstreams.ts";
import type { Meter } from "../metering/meter.ts";
import type { SessionObjects } from "../sessions/session-objects.ts";
import { startSession, withSession } from "../sessions/with-session.ts";
import { answerJson } from "./answer.ts";
import { admittedTo } from "./gate.ts";

export interface EventsRouteOptions {
  readonly upstreams: Upstreams;
  readonly coalescer: Coalescer;
  readonly sessions: SessionObjects;
  readonly meter: Meter;
  readonly draining: () => boolean;
}

/** POST /v1/events: the payload goes to the tenant's collector unread; its verdicts come back. */
export function eventsRoute(app: App, options: EventsRouteOptions): void {
  const { upstreams, coalescer, sessions, meter, draining } = options;
  const config = { scopes: ["events:write"], envelope: "events" } as const;
  app.post("/v1/events", { config, bodyLimit: LIMITS.eventsBodyBytesMax }, async (request, reply) => {
    const { caller, payload } = admittedTo(request);
    const upstream = upstreams.of(caller.tenant, "collector", caller.principal);
    const [{ status, body }, session] = await Promise.all([
      coalescer.add(upstream, caller.principal, request.id, payload ?? Buffer.alloc(0)),
      startSession(sessions, request, caller),
    ]);
    if (status >= 300) throw refusalOf(upstream.id, status, body);
    meter.count(caller.principal, body);
    answerJson(reply, status, withSession(JSON.stringify(body), session), draining());
  });
}
