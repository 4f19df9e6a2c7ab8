/** The receipt of an import's part as a short JSON array; the row holds its number and its time. New fields go last. */
import type { ImportPart } from "../ports/import-log.ts";

type Packed = [digest: string, events: number, items: number, deletes: number, rejected: number];

export function encodeImportPart(part: ImportPart): string {
  const packed: Packed = [
    Buffer.from(part.digest).toString("base64url"),
    part.events,
    part.items,
    part.deletes,
    part.rejected,
  ];
  return JSON.stringify(packed);
}

export function decodeImportPart(part: number, at: number, text: string): ImportPart {
  const [digest, events, items, deletes, rejected] = JSON.parse(text) as Packed;
  return { part, digest: Buffer.from(digest, "base64url"), events, items, deletes, rejected, at };
}
