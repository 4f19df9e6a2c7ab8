import { EndcapError } from "@endcap/protocol";
import type { FastifyReply } from "fastify";
import type { AddressLimiter } from "./address-limiter.ts";
import type { Gcra, RateLimit } from "./gcra.ts";
import { tellLimit } from "./rate-fields.ts";

export interface SessionLimits {
  /** Counts one signed request of the session that used `rate`. @throws EndcapError `rate_limited` */
  take(reply: FastifyReply, rate: Gcra, now: number): void;
}

const rateLimited = new EndcapError("rate_limited", { detail: "Too many requests of this session." });

/**
 * For signed browser requests, once they are proven: a page that runs wild is held before it uses up its shop's rate,
 * and so is one machine that opens many sessions.
 */
export function createSessionLimits(addresses: AddressLimiter, limit: RateLimit): SessionLimits {
  return {
    take(reply, rate, now) {
      const { allowed, waitMs } = rate.take(limit, now);
      if (!allowed) {
        tellLimit(reply.request, "session", limit, waitMs);
        throw rateLimited;
      }
      addresses.take(reply, now);
    },
  };
}
