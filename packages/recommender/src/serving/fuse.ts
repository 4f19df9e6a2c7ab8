import { keyOf, type Ranked, rescored } from "./ranked.ts";

export interface Voice {
  readonly entries: readonly Ranked[];
  /** 1 for the list that leads; less for one that only adds. */
  readonly weight: number;
}

/** Small, as in merchandising: at weight 0.5 the first of a second list comes fifth. */
const rankDamping = 4;

interface Fused {
  entry: Ranked;
  loudest: number;
  score: number;
  readonly order: number;
}

/**
 * The first `limit` of several lists as one by weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), since
 * scores of different tables say nothing to each other and ranks do. An item keeps the reason of the list that weighs most
 * for it. What only fills a list because it is popular speaks for nothing, and comes last. A single list stays exactly as
 * it is.
 */
export function fuse(voices: readonly Voice[], limit = Number.POSITIVE_INFINITY): Ranked[] {
  const speaking = voices.filter(({ entries, weight }) => entries.length > 0 && weight > 0);
  if (speaking.length < 2) return speaking[0]?.entries.slice(0, limit) ?? [];
  const fused = new Map<number | string, Fused>();
  const fill: Ranked[] = [];
  for (const { entries, weight } of speaking) {
    let rank = 0;
    for (const entry of entries) {
      const share = weight / (rankDamping + rank++);
      if (entry.cause === "popular") {
        fill.push(entry);
        continue;
      }
      const key = keyOf(entry);
      const known = fused.get(key);
      if (known === undefined) {
        fused.set(key, { entry, loudest: share, score: share, order: fused.size });
        continue;
      }
      known.score += share;
      if (share > known.loudest) {
        known.entry = entry;
        known.loudest = share;
      }
    }
  }
  const list = [...fused.values()]
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, limit)
    .map(({ entry, score }) => rescored(entry, score));
  for (const entry of fill) {
    if (list.length >= limit) break;
    if (!fused.has(keyOf(entry))) list.push(rescored(entry, (list.at(-1)?.score ?? 0) - 1));
  }
  return list;
}

/**
 * Puts guests into a list at fixed positions, each the first of its pool that may come and does not stand before it; where
 * it stood later it is taken out. What is before a position never depends on what comes after, so that pages of a list agree.
 */
export function seat(
  ranked: readonly Ranked[],
  positions: readonly number[],
  poolAt: (nth: number) => readonly Ranked[],
  mayCome: (guest: Ranked) => boolean = () => true,
): Ranked[] {
  const seated: Ranked[] = [];
  const guests = new Set<number | string>();
  let next = 0;
  let nth = 0;
  while (next < ranked.length) {
    if (seated.length === positions[nth]) {
      // Few guests, and early in the list: looking back is cheaper than remembering everyone.
      const guest = poolAt(nth++).find((each) => {
        const key = keyOf(each);
        return !guests.has(key) && !seated.some((entry) => keyOf(entry) === key) && mayCome(each);
      });
      if (guest !== undefined) {
        seated.push(rescored(guest, seated.at(-1)?.score ?? guest.score));
        guests.add(keyOf(guest));
        continue;
      }
    }
    const entry = ranked[next++] as Ranked;
    if (guests.size === 0 || !guests.has(keyOf(entry))) seated.push(entry);
  }
  return seated;
}
