import { DEADLINE_HEADER } from "@endcap/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";

const form = /^[0-9]{1,7}$/;

/**
 * How long the caller still waits, in milliseconds, when it says so in `endcap-deadline-ms`; it said it when the request
 * began to arrive. Unreadable values count as absent.
 */
export function callerDeadline(request: FastifyRequest, reply: FastifyReply): number | undefined {
  const field = request.headers[DEADLINE_HEADER];
  if (typeof field !== "string" || !form.test(field)) return undefined;
  return Math.max(0, Math.floor(Number(field) - reply.elapsedTime));
}

/** What the upstream is told: what is left for the caller, and never more than `ours` gives. */
export function deadlineHeader(msLeft: number, ours: Readonly<Record<string, string>> = {}): Record<string, string> {
  const bound = Number(ours[DEADLINE_HEADER] ?? msLeft);
  return { [DEADLINE_HEADER]: String(Math.min(msLeft, bound)) };
}
