import type { ImportState } from "@endcap/protocol";
import type { ImportPart } from "@endcap/storage";

/** As many as an answer names; the rest shows once these are there. */
const missingNamedMax = 20;

/** The first part numbers of 1 to `count` that are not stored. */
export function missingParts(parts: readonly ImportPart[], count: number): number[] {
  const stored = new Set(parts.map(({ part }) => part));
  const missing: number[] = [];
  for (let part = 1; part <= count && missing.length < missingNamedMax; part++) {
    if (!stored.has(part)) missing.push(part);
  }
  return missing;
}

export function importState(
  importId: string,
  parts: readonly ImportPart[],
  completedAt: number | undefined,
): ImportState {
  const sums = { events: 0, items: 0, deletes: 0, rejected: 0 };
  for (const { events, items, deletes, rejected } of parts) {
    sums.events += events;
    sums.items += items;
    sums.deletes += deletes;
    sums.rejected += rejected;
  }
  return {
    importId,
    completed: completedAt !== undefined,
    partsStored: parts.length,
    firstMissingPart: missingParts(parts, parts.length + 1)[0] ?? parts.length + 1,
    ...sums,
  };
}
