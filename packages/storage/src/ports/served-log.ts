import type { ServedRecord } from "@endcap/protocol";
import type { ShopperKey } from "./shopper.ts";

export interface ServedScan {
  /** Only this shopper's; everyone's when absent. */
  readonly shopper?: ShopperKey;
  /** Only lists served at or after this Unix millisecond. */
  readonly from?: number;
}

/** Lists that were really answered, for metrics, training and "why did I see this". */
export interface ServedLog {
  /**
   * Writes records under their shopper (`shopperKeyOf`; a record without any id is kept under no shopper). Resolves when
   * they are visible to every process and safe from kill -9; a power cut may lose the last second. The same
   * recommendationId again overwrites.
   */
  put(records: readonly ServedRecord[], options?: { readonly expiresAt?: number }): Promise<void>;
  /** The key holds both: the shopper a list was served to and its id. */
  get(shopper: ServedRecord["shopper"], recommendationId: string): Promise<ServedRecord | undefined>;
  /** In key order: by shopper, then by recommendation id, which is by time. Yields to the event loop. */
  scan(options?: ServedScan): AsyncIterable<ServedRecord>;
}
