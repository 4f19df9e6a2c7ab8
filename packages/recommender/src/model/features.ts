import { type Candidates, type SessionItems, SUMS } from "./candidates.ts";
import type { ItemTables } from "./tables.ts";

/**
 * What the reranker sees of a candidate:
 * the log of its twelve sums, of its blend and its rank by blend; log visits, log recent visits and their difference (the trend);
 * its place in the session (in it at all, the last item, 1/(1 + steps back), how often), and of the session itself
 * whether it just repeated an item, its share of repeats and its log length.
 */
export const FEATURE_COUNT = SUMS + 12;

const FLOOR = 1e-4;

export class Features {
  readonly #logVisits: Float32Array;
  readonly #logRecent: Float32Array;
  #lastRepeats = 0;
  #repeatShare = 0;
  #logLength = 0;

  constructor(tables: ItemTables) {
    this.#logVisits = tables.visits.map((visits) => Math.log1p(visits));
    this.#logRecent = tables.recentVisits.map((visits) => Math.log(visits + 0.05));
  }

  begin({ items, count }: SessionItems): void {
    const last = items[count - 1]!;
    let repeats = 0;
    let lastCount = 0;
    for (let i = Math.max(1, count - 50); i < count; i++) {
      let seen = 0;
      for (let j = Math.max(0, i - 50); j < i; j++) if (items[j] === items[i]) seen = 1;
      repeats += seen;
      if (items[i] === last) lastCount++;
    }
    this.#lastRepeats = lastCount > 1 ? 1 : 0;
    this.#repeatShare = repeats / count;
    this.#logLength = Math.log(count);
  }

  /** Writes the FEATURE_COUNT features of `slot`, `rank` th by blend, to `out` at `at`. */
  write(
    candidates: Candidates,
    session: SessionItems,
    slot: number,
    rank: number,
    out: Float32Array,
    at: number,
  ): void {
    const { sums } = candidates;
    const item = candidates.items[slot]!;
    let f = at;
    for (let k = 0; k < SUMS; k++) out[f++] = Math.log(sums[slot * SUMS + k]! + FLOOR);
    out[f++] = Math.log(candidates.blend[slot]! + FLOOR);
    out[f++] = Math.log(rank + 1);
    const logVisits = this.#logVisits[item]!;
    const logRecent = this.#logRecent[item]!;
    out[f++] = logVisits;
    out[f++] = logRecent;
    out[f++] = logRecent - logVisits;
    let back = -1;
    let times = 0;
    const { items, count } = session;
    for (let i = count - 1; i >= 0 && i >= count - 50; i--) {
      if (items[i] !== item) continue;
      if (back < 0) back = count - 1 - i;
      times++;
    }
    out[f++] = back >= 0 ? 1 : 0;
    out[f++] = back === 0 ? 1 : 0;
    out[f++] = back >= 0 ? 1 / (1 + back) : 0;
    out[f++] = times;
    out[f++] = back === 0 ? this.#lastRepeats : 0;
    out[f++] = back >= 0 ? this.#repeatShare : 0;
    out[f++] = back >= 0 ? this.#logLength : 0;
  }
}
