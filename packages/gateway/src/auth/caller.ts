import type { Principal } from "@endcap/protocol";
import type { KeyContext, TenantContext } from "../tenants/tenant-context.ts";

/** A proven caller and its tenant: what authentication hands to the rest of the request. */
export interface Caller {
  readonly tenant: TenantContext;
  readonly principal: Principal;
  readonly principalText: PrincipalText;
  /** The origin that may read the answer; only browsers have one. */
  readonly origin?: string;
  /** The publishable key of a bootstrap caller, who gets a session with the answer. */
  readonly bootstrap?: KeyContext;
}

/** A principal as it travels behind the edge, written once for all requests of a session or a key. */
export class PrincipalText {
  readonly #principal: Principal;
  #json: string | undefined;
  #header: string | undefined;
  #partHead: Buffer | undefined;

  constructor(principal: Principal) {
    this.#principal = principal;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.#principal);
    return this.#json;
  }

  /** How the header line of a coalesced part begins, up to the request id. */
  get partHead(): Buffer {
    this.#partHead ??= Buffer.from(`{"p":${this.json},"r":"`);
    return this.#partHead;
  }

  /** The value of the header `endcap-principal`. */
  get header(): string {
    this.#header ??= Buffer.from(this.json).toString("base64url");
    return this.#header;
  }
}
