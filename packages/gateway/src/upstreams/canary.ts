import { type Canary, type Principal, shopperPoint } from "@endcap/protocol";

/**
 * Whether a share of the traffic takes the other way. It follows from ids alone: the same on every gateway and at every
 * request, and another canary deals anew. A call whose shopper is not proven here follows its tenant.
 */
export function inShopperCanary({ upstream, share }: Canary, { tenant, anonymousId, userId }: Principal): boolean {
  const shopper = userId !== undefined ? { userId } : anonymousId !== undefined ? { anonymousId } : { userId: tenant };
  return (shopperPoint(`canary#${upstream}`, shopper) ?? 1) < share;
}

export function inTenantCanary({ upstream, share }: Canary, tenant: string): boolean {
  return (shopperPoint(`canary#${upstream}`, { userId: tenant }) ?? 1) < share;
}
