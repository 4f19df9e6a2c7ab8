import { TIERS, type Tier } from "@endcap/protocol";

const dayMs = 86_400_000;

/** When rows that a tenant writes now end, in Unix milliseconds: counted from arrival, so that imported history lives as long. */
export function expiresAt(tier: Tier, now: number): number {
  return now + TIERS[tier].limits.retentionDays * dayMs;
}
