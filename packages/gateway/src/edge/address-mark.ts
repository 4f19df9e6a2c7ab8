import type { Caller } from "../auth/caller.ts";
import { macOf } from "../auth/mac.ts";
import { networkOf } from "../limits/network.ts";

/** 72 bits: two networks of one shop share a mark once in tens of thousands of millions. */
const markChars = 12;

/**
 * What the collector tells apart a page's network by, and never learns: a MAC under a key that only gateways hold. The
 * addresses of IPv4 are few enough to try them all against a plain hash. `undefined` where nothing is counted by it.
 */
export function addressMark(
  { markKey, origin, principal }: Caller,
  request: { readonly ip: string },
): string | undefined {
  if (markKey === undefined || origin === undefined || principal.env !== "live") return undefined;
  return macOf(markKey, networkOf(request.ip)).toString("base64url").slice(0, markChars);
}
