import { setImmediate as nextTurn } from "node:timers/promises";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { LiveDelta, LiveNeighbour } from "../live/live-delta.ts";
import type { Model } from "../model/index.ts";
import type { Voice } from "./fuse.ts";
import type { Ranked } from "./ranked.ts";

/** Shoppers who must have looked before anyone else's list changes: one shopper's clicks are theirs alone. */
const viewShoppersMin = 3;
/** How many standard deviations above its share in the model an item has to be. */
const trendMin = 2;
/** Evidence at which what is new weighs half of what the model says. */
const viewsForHalf = 5;
const basketsForHalf = 1;
const trendingMax = 100;
const itemsPerTurn = 500;

/** What the last minutes say, as lists beside the model's. */
export class LiveLists {
  readonly #delta: LiveDelta;
  readonly #catalogue: Catalogue;
  #trending: readonly Ranked[] = [];
  /** An item came or went since: the slots of what trends may be others'. */
  #slotsMoved = false;
  #model: Model | undefined;
  #modelVisits = 0;

  constructor(delta: LiveDelta, catalogue: Catalogue) {
    this.#delta = delta;
    this.#catalogue = catalogue;
    catalogue.onChange((_slot, before, after) => {
      this.#slotsMoved ||= before === undefined || after === undefined;
    });
  }

  /** Whom `refresh` found. */
  get trending(): readonly Ranked[] {
    if (this.#slotsMoved)
      this.#trending = this.#trending.map((entry) => ({ ...entry, slot: this.#catalogue.slotOf(entry.id) }));
    this.#slotsMoved = false;
    return this.#trending;
  }

  /**
   * Finds the items whose share of the latest visits is above their share in the model by more than chance, strongest
   * first. Without a model everything that several shoppers look at counts. Walks all that was counted, which takes some
   * milliseconds: once for many events, not for each, and in turns with the requests.
   */
  async refresh(model: Model | undefined): Promise<void> {
    if (this.#model !== model) this.#modelVisits = model?.parts.tables.recentVisits.reduce((a, b) => a + b, 0) ?? 0;
    this.#model = model;
    const { items, total } = this.#delta.visited(viewShoppersMin);
    const trending: { id: string; score: number }[] = [];
    for (const [n, { id, visits }] of items.entries()) {
      if (n % itemsPerTurn === itemsPerTurn - 1) await nextTurn();
      const expected = total * this.#shareOf(model, id);
      const score = (visits - expected) / Math.sqrt(expected + 1);
      if (score >= trendMin) trending.push({ id, score });
    }
    // Another model came meanwhile, and with it another walk.
    if (this.#model !== model) return;
    this.#trending = trending
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      .slice(0, trendingMax)
      .map(({ id, score }) => ({
        id,
        slot: this.#catalogue.slotOf(id),
        score,
        cause: "trending",
        source: undefined,
      }));
  }

  /** What goes with `id` since the last training, for how many of its visits that is known. */
  viewedWith(id: string): Voice {
    const together = this.#delta.viewedWith(id).filter(({ shoppers }) => shoppers >= viewShoppersMin);
    return this.#voice(together, id, "viewed", viewsForHalf);
  }

  /** What is bought with `id` since the last training. A basket is worth believing at once. */
  boughtWith(id: string): Voice {
    return this.#voice(this.#delta.boughtWith(id), id, "boughtTogether", basketsForHalf);
  }

  #voice(
    neighbours: readonly LiveNeighbour[],
    source: string,
    cause: "viewed" | "boughtTogether",
    forHalf: number,
  ): Voice {
    const strongest = neighbours[0]?.weight ?? 0;
    return {
      entries: neighbours.map(({ id, weight }) => ({
        id,
        slot: this.#catalogue.slotOf(id),
        score: weight,
        cause,
        source,
      })),
      weight: strongest / (strongest + forHalf),
    };
  }

  #shareOf(model: Model | undefined, id: string): number {
    const index = model?.indexOf(id) ?? -1;
    return index < 0 || this.#modelVisits === 0
      ? 0
      : (model?.parts.tables.recentVisits[index] ?? 0) / this.#modelVisits;
  }
}
