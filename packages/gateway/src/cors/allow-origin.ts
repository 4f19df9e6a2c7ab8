import type { FastifyRequest } from "fastify";

/** Fields of our answers that a page's script may read; others are hidden from it. */
const exposed = "endcap-request-id, endcap-settings, endcap-should-retry, retry-after, ratelimit, ratelimit-policy";

/** Lets the page at `origin` read this answer. Called as soon as the tenant is known to list it, so that refusals are readable too. */
export function allowOrigin({ answerFields }: FastifyRequest, origin: string): void {
  answerFields.push("access-control-allow-origin", origin);
  answerFields.push("access-control-expose-headers", exposed, "vary", "origin");
}
