import type { Item, ServedRecord } from "@endcap/protocol";
import type { Link, StoredBatch } from "./event-store.ts";
import type { ImportPart } from "./import-log.ts";

/** A row of a table, whatever its kind: what an export holds and `readExport` gives back. */
export type TableRow =
  | ({ readonly kind: "events" } & StoredBatch)
  | ({ readonly kind: "link" } & Link)
  | { readonly kind: "served"; readonly record: ServedRecord; readonly expiresAt: number | undefined }
  | { readonly kind: "item"; readonly item: Item }
  /** An item that was deleted, remembered against late writes. */
  | { readonly kind: "deletedItem"; readonly id: string; readonly at: number }
  | { readonly kind: "import"; readonly importId: string; readonly part: ImportPart }
  | { readonly kind: "importCompleted"; readonly importId: string; readonly at: number };
