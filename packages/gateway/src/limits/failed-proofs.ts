import { EndcapError, type ErrorCode } from "@endcap/protocol";
import type { FastifyReply } from "fastify";
import type { AddressLimiter } from "./address-limiter.ts";

export interface FailedProofs {
  /** Counts a refusal against its address; answers what to tell it: the reason, or past the limit `rate_limited`. */
  judge<Fault>(reply: FastifyReply, fault: Fault, now: number): Fault | EndcapError;
}

/** What somebody provokes who tries keys and tokens. A session that ended or a clock that is wrong happens to the honest. */
const codes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthenticated",
  "key_malformed",
  "key_unknown",
  "signature_profile",
  "signature_invalid",
  "digest_mismatch",
  "nonce_replayed",
  "envelope_malformed",
  "session_invalid",
  "user_token_invalid",
  "origin_denied",
]);

/**
 * Looked at only when a request is refused: a proven caller pays nothing for it, and is never shut out by a stranger
 * behind the same address.
 */
export function createFailedProofs(addresses: AddressLimiter): FailedProofs {
  return {
    judge(reply, fault, now) {
      if (!(fault instanceof EndcapError) || !codes.has(fault.code)) return fault;
      try {
        addresses.take(reply, now);
        return fault;
      } catch (limited) {
        if (limited instanceof EndcapError) return limited;
        throw limited;
      }
    },
  };
}
