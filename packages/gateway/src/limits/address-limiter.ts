import { EndcapError } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { Gcra, type RateLimit } from "./gcra.ts";
import { networkOf } from "./network.ts";
import { tellLimit } from "./rate-fields.ts";

/** What is read and written of a reply. */
export interface AddressedReply {
  readonly request: { readonly ip: string; readonly answerFields: string[] };
}

export interface AddressLimiter {
  /** Counts one request from the address of `reply`. @throws EndcapError `rate_limited` */
  take(reply: AddressedReply, now: number): void;
}

const rateLimited = new EndcapError("rate_limited", { detail: "Too many requests from this address." });

/**
 * Stricter limits for callers that prove nothing but where they are: a publishable key is public, so without this one
 * visitor could use up a shop's whole rate.
 */
export function createAddressLimiter(limit: RateLimit, addressesMax: number): AddressLimiter {
  const buckets = new LRUCache<string, Gcra>({ max: addressesMax });
  return {
    take(reply, now) {
      const network = networkOf(reply.request.ip);
      let bucket = buckets.get(network);
      if (bucket === undefined) {
        bucket = new Gcra();
        buckets.set(network, bucket);
      }
      const { allowed, waitMs } = bucket.take(limit, now);
      if (allowed) return;
      tellLimit(reply.request, "address", limit, waitMs);
      throw rateLimited;
    },
  };
}
