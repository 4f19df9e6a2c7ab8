import { EndcapError, LIMITS } from "@endcap/protocol";
import type { FastifyReply } from "fastify";

export interface BodyBudget {
  /** Reserves room for the body that the request announces, until its response is closed. @throws EndcapError `overloaded` */
  reserve(reply: FastifyReply): void;
}

/** Bodies below it are not worth the counting; requests in flight bound them. */
const smallBytes = 64 * 1024;

/**
 * A bound on the bytes that buffered bodies of proven servers may take together. Tenants' own limits do not bound their
 * sum: sixty-four imports at once of a hundred shops would be fifty gigabytes.
 */
export function createBodyBudget(bytesMax: number): BodyBudget {
  let reserved = 0;
  return {
    reserve(reply) {
      const { headers } = reply.request;
      // A body in chunks announces no length: it may grow to the largest that any route takes.
      const bytes =
        headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : LIMITS.importPartBytesMax;
      if (bytes <= smallBytes) return;
      if (reserved + bytes > bytesMax)
        throw new EndcapError("overloaded", { internal: `${reserved} bytes of bodies are held` });
      reserved += bytes;
      reply.raw.once("close", () => {
        reserved -= bytes;
      });
    },
  };
}
