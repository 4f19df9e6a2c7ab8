import { createHash } from "node:crypto";
import { uuidV7 } from "@endcap/protocol";

/**
 * The batch id of events that come from an import: a uuid v7 at `newestAtMs`, the time of the batch's newest event, so
 * that history sorts where it belongs. Its other bits are SHA-256 of `seed`, so that the same part sent again has the same id.
 */
export function batchIdAt(newestAtMs: number, seed: string): string {
  const digest = createHash("sha256").update(seed).digest();
  return uuidV7(Math.max(0, Math.floor(newestAtMs)), (bytes) => {
    bytes.set(digest.subarray(0, bytes.length));
    return bytes;
  });
}
