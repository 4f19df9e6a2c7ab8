import type { Item } from "@endcap/protocol";
import type { Ranked } from "./ranked.ts";

/**
 * Keeps the best of each group of variants, and none of the groups that the items in view belong to. What was left out
 * fills the end, so that the list never comes back shorter than `wanted`.
 */
export function collapseVariants(
  ranked: readonly Ranked[],
  inView: readonly Item[],
  wanted: number,
  groupOf: (entry: Ranked) => string | undefined,
): Ranked[] {
  const groups = new Set(inView.map(({ groupId }) => groupId).filter((group) => group !== undefined));
  const kept: Ranked[] = [];
  const left: Ranked[] = [];
  for (const entry of ranked) {
    const group = groupOf(entry);
    if (group === undefined || !groups.has(group)) kept.push(entry);
    else left.push(entry);
    if (group !== undefined) groups.add(group);
  }
  return kept.length >= wanted ? kept : [...kept, ...left];
}
