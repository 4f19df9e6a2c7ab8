import type { Shopper } from "@endcap/protocol";

/** One partition of a tenant's table: what one anonymous id or one user id did. The two never share a key space. */
export interface ShopperKey {
  readonly kind: "anonymous" | "user";
  /** 1 to 500 bytes of any script, no control characters. May hold `#`. */
  readonly id: string;
}

/**
 * Where a shopper's rows are written: under the user when one is proven, else under the anonymous id. A later session
 * of the same browser that proves no user must not see what the user did, so the user wins.
 */
export function shopperKeyOf(shopper: Shopper): ShopperKey | undefined {
  if (shopper.userId !== undefined) return { kind: "user", id: shopper.userId };
  if (shopper.anonymousId !== undefined) return { kind: "anonymous", id: shopper.anonymousId };
  return undefined;
}
