/** A shopper's right to be forgotten. */
import { type CallOptions, segment, type Transport } from "./http/transport.ts";

/** Which history: the shop's own user, or an anonymous browser. */
export type ShopperRef =
  | { readonly userId: string; readonly anonymousId?: undefined }
  | { readonly anonymousId: string; readonly userId?: undefined };

/** Proof of an erasure that was asked for. `state` and the dates come as the operator's installation reports them. */
export interface ErasureReceipt {
  readonly receipt: string;
  readonly state?: string;
  readonly [field: string]: unknown;
}

function path(shopper: ShopperRef): string {
  return shopper.userId === undefined
    ? `/v1/shoppers/anonymous/${segment(shopper.anonymousId)}`
    : `/v1/shoppers/user/${segment(shopper.userId)}`;
}

export class Shoppers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Erases the shopper's history, linked ids included. Idempotent. Needs a key with scope `shopper:erase`. */
  async erase(shopper: ShopperRef, options: CallOptions = {}): Promise<ErasureReceipt> {
    return this.#transport.send({ method: "DELETE", path: path(shopper) }, options);
  }

  /** How far the erasure is. */
  async erasure(shopper: ShopperRef, options: CallOptions = {}): Promise<ErasureReceipt> {
    return this.#transport.send({ method: "GET", path: path(shopper) }, options);
  }
}
