import type { Principal } from "@endcap/protocol";
import { partHeadOf } from "@endcap/service-kit";
import type { KeyContext, TenantContext, TenantUse } from "../tenants/tenant-context.ts";

/** A proven caller, with what its requests read of its tenant: what authentication hands to the rest of the request. */
export interface Caller extends TenantUse {
  readonly tenant: TenantContext;
  readonly principal: Principal;
  readonly principalText: PrincipalText;
  /** The origin that may read the answer; only browsers have one. */
  readonly origin: string | undefined;
  /** The publishable key of a bootstrap caller, who gets a session with the answer. */
  readonly bootstrap: KeyContext | undefined;
}

export function callerOf(
  tenant: TenantContext,
  principal: Principal,
  origin?: string,
  bootstrap?: Caller["bootstrap"],
): Caller {
  const { id, tier, limits, settings, routes, recommender, usage, markKey } = tenant;
  const use: TenantUse = { id, tier, limits, settings, routes, recommender, usage, markKey };
  return { ...use, tenant, principal, principalText: new PrincipalText(principal), origin, bootstrap };
}

/** A principal as it travels behind the edge, written once for all requests of a session or a key. */
export class PrincipalText {
  readonly #principal: Principal;
  #header: string | undefined;
  #partHead: string | undefined;

  constructor(principal: Principal) {
    this.#principal = principal;
  }

  /** How the header line of its parts begins. */
  get partHead(): string {
    this.#partHead ??= partHeadOf(this.#principal);
    return this.#partHead;
  }

  /** The value of the header `endcap-principal`. */
  get header(): string {
    this.#header ??= Buffer.from(JSON.stringify(this.#principal)).toString("base64url");
    return this.#header;
  }
}
