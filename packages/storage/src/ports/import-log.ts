/** What one part of an import did; kept so that a re-sent part is known and an import goes on where it stopped. */
export interface ImportPart {
  readonly part: number;
  /** SHA-256 of the part's bytes as they were sent. */
  readonly digest: Uint8Array;
  readonly events: number;
  readonly items: number;
  readonly deletes: number;
  readonly rejected: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** `changed`: the part is there with another digest; nothing was written. */
export type ImportPartResult = "stored" | "duplicate" | "changed";

/**
 * Receipts of imports. A part's events and items are idempotent by their own keys; write them first and the receipt
 * last, and the part is atomic: without a receipt it is simply sent again.
 */
export interface ImportLog {
  put(importId: string, part: ImportPart): Promise<ImportPartResult>;
  get(importId: string, part: number): Promise<ImportPart | undefined>;
  /** All receipts of an import by part number, and whether it was completed. */
  list(importId: string): Promise<{ readonly parts: ImportPart[]; readonly completedAt: number | undefined }>;
  /** Idempotent; `false` when it was completed before. */
  complete(importId: string, at: number): Promise<boolean>;
}
