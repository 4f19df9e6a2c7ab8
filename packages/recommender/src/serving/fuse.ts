import type { Ranked } from "./ranked.ts";

export interface Voice {
  readonly entries: readonly Ranked[];
  /** 1 for the list that leads; less for one that only adds. */
  readonly weight: number;
}

/** Small, as in merchandising: at weight 0.5 the first of a second list comes fifth. */
const rankDamping = 4;

/**
 * Several lists as one by weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), since scores of different
 * tables say nothing to each other and ranks do. An item keeps the reason of the list that weighs most for it. A single
 * list stays exactly as it is.
 */
export function fuse(voices: readonly Voice[]): Ranked[] {
  const speaking = voices.filter(({ entries, weight }) => entries.length > 0 && weight > 0);
  if (speaking.length < 2) return [...(speaking[0]?.entries ?? [])];
  const fused = new Map<string, { entry: Ranked; loudest: number; score: number; order: number }>();
  for (const { entries, weight } of speaking) {
    for (const [rank, entry] of entries.entries()) {
      const share = weight / (rankDamping + rank);
      const known = fused.get(entry.id);
      if (known === undefined) {
        fused.set(entry.id, { entry, loudest: share, score: share, order: fused.size });
        continue;
      }
      known.score += share;
      if (share > known.loudest) {
        known.entry = entry;
        known.loudest = share;
      }
    }
  }
  return [...fused.values()]
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map(({ entry: { id, cause, source, item, index }, score }) => ({ id, score, cause, source, item, index }));
}

/**
 * Puts guests into a list at fixed positions, each the first of its pool that may come and does not stand before it; where
 * it stood later it is taken out. What is before a position never depends on what comes after, so that pages of a list agree.
 */
export function seat(
  ranked: readonly Ranked[],
  positions: readonly number[],
  poolAt: (nth: number) => readonly Ranked[],
  mayCome: (id: string) => boolean = () => true,
): Ranked[] {
  const seated: Ranked[] = [];
  const guests = new Set<string>();
  let next = 0;
  let nth = 0;
  while (next < ranked.length) {
    if (seated.length === positions[nth]) {
      // Few guests, and early in the list: looking back is cheaper than remembering everyone.
      const guest = poolAt(nth++).find(
        ({ id }) => !guests.has(id) && !seated.some((entry) => entry.id === id) && mayCome(id),
      );
      if (guest !== undefined) {
        seated.push({ ...guest, score: seated.at(-1)?.score ?? guest.score });
        guests.add(guest.id);
        continue;
      }
    }
    const entry = ranked[next++] as Ranked;
    if (!guests.has(entry.id)) seated.push(entry);
  }
  return seated;
}
