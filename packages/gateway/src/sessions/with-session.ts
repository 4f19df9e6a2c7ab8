import type { Session } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import type { Caller } from "../auth/caller.ts";
import type { SessionObjects } from "./session-objects.ts";

/** The session that a bootstrap caller gets with its answer, so that its next request is signed. */
export function sessionFor(sessions: SessionObjects, request: FastifyRequest, caller: Caller): Session | undefined {
  const { bootstrap: key, tenant, principal, origin } = caller;
  if (key === undefined || origin === undefined || principal.anonymousId === undefined) return undefined;
  return sessions.create(request, tenant, { sub: principal.anonymousId, key: key.id, env: key.env, origin });
}

/** Puts the session into the JSON text of an object, which is not parsed for it. */
export function withSession(body: string, session: Session | undefined): string {
  if (session === undefined) return body;
  const end = body.lastIndexOf("}");
  const comma = body.slice(0, end).trimEnd().endsWith("{") ? "" : ",";
  return `${body.slice(0, end)}${comma}"session":${JSON.stringify(session)}}`;
}
