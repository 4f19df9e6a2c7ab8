import type { Item } from "@endcap/protocol";

/** `stale`: the stored item (or its deletion) is as new or newer; nothing was written. */
export type UpsertResult = "stored" | "stale";
/** `missing`: there was no such item; the deletion is remembered all the same, against late writes. */
export type DeleteResult = "deleted" | "missing" | "stale";

export type ItemChange =
  | { readonly kind: "upsert"; readonly id: string; readonly item: Item }
  | { readonly kind: "delete"; readonly id: string };

/**
 * `reset`: the cursor is unknown or older than the feed reaches back. Read everything with `scan`, then go on from
 * `cursor`, which was taken before.
 */
export type ItemChanges =
  | { readonly reset: true; readonly cursor: string }
  | {
      readonly reset: false;
      /** Every item that changed since the cursor, as it is now; at least once, in no promised order. */
      readonly changes: ItemChange[];
      readonly cursor: string;
      /** There is more at once: call again. */
      readonly more: boolean;
    };

/** The items a shop sells. One catalogue a tenant: the test environment reads the live one and may not write it. */
export interface CatalogStore {
  /**
   * Writes each item whose `updatedAt` is newer than the stored one's. One item is atomic, the call is not. Durable
   * when it resolves. When an id appears twice the newest wins.
   * @throws EndcapError `catalogue_read_only` in the test environment, `storage_full`
   */
  upsert(items: readonly Item[]): Promise<UpsertResult[]>;
  /** Removes items as of `at` (Unix milliseconds): an item whose `updatedAt` is later stays (`stale`). */
  delete(ids: readonly string[], at: number): Promise<DeleteResult[]>;
  /** In the order of `ids`; `undefined` where there is none. */
  get(ids: readonly string[]): Promise<(Item | undefined)[]>;
  /** Pass `undefined` to start. `limit` bounds the changes of one call. */
  changesSince(cursor: string | undefined, limit: number): Promise<ItemChanges>;
  /** Every item, in key order. Not a snapshot; yields to the event loop. */
  scan(): AsyncIterable<Item>;
}
