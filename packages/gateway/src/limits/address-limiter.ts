import { isIPv6 } from "node:net";
import { EndcapError } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { Gcra, type RateLimit } from "./gcra.ts";

/** What is read and written of a reply. */
export interface AddressedReply {
  readonly request: { readonly ip: string };
  header(name: string, value: string): unknown;
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
      reply.header("retry-after", String(Math.ceil(waitMs / 1000)));
      throw rateLimited;
    },
  };
}

/** One subscriber owns a whole /64 of IPv6, so addresses below it count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array<string>(zeros).fill("0"), ...rest].slice(0, 4).join(":");
}
