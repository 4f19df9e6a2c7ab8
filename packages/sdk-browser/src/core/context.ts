/** What every part of one client shares. */
import type { RandomBytes } from "@endcap/protocol/uuid";
import type { Store } from "../outbox/store.ts";

export interface Context {
  /** Publishable key id. */
  readonly key: string;
  /** Origin of the gateway. */
  readonly endpoint: string;
  readonly store: Store;
  /** Unix milliseconds by this device's clock. */
  readonly now: () => number;
  readonly random: RandomBytes;
  /** One line for a developer; silent unless debugging. */
  readonly warn: (...what: unknown[]) => void;
}
