import type { SnapshotUpstream } from "@endcap/protocol";
import { createInternalIssuer, type InternalIssuer } from "@endcap/service-kit";

/** What proves this gateway to each kind of upstream. */
export type InternalTokens = Readonly<Record<SnapshotUpstream["kind"] | "control", InternalIssuer>>;

export interface InternalTokensOptions {
  readonly keyFile: string;
  readonly group: string;
  readonly tenants: string;
  readonly now?: () => number;
}

/** @throws when the key file is missing or holds no Ed25519 key. */
export async function createInternalTokens(options: InternalTokensOptions): Promise<InternalTokens> {
  const [collector, ml, recommender, control] = await Promise.all([
    createInternalIssuer({ ...options, audience: ["collector"] }),
    // ml hands the token on to the recommender that it asks.
    createInternalIssuer({ ...options, audience: ["ml", "recommender"] }),
    createInternalIssuer({ ...options, audience: ["recommender"] }),
    createInternalIssuer({ ...options, audience: ["control"] }),
  ]);
  return { collector, ml, recommender, control };
}
