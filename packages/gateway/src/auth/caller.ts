import type { Principal } from "@endcap/protocol";
import type { KeyContext, TenantContext } from "../tenants/tenant-context.ts";

/** A proven caller and its tenant: what authentication hands to the rest of the request. */
export interface Caller {
  readonly tenant: TenantContext;
  readonly principal: Principal;
  /** The origin that may read the answer; only browsers have one. */
  readonly origin?: string;
  /** The publishable key of a bootstrap caller, who gets a session with the answer. */
  readonly bootstrap?: KeyContext;
}
