import type { Catalogue } from "../catalogue/catalogue.ts";
import { SimilarItems } from "../catalogue/similar-items.ts";
import type { Model } from "../model/index.ts";
import { textHash } from "../text-hash.ts";
import { seat } from "./fuse.ts";
import type { Ranked } from "./ranked.ts";

/** The first positions belong to what the shopper is most likely after. */
const firstPosition = 2;
/** Of the new items that suit a shopper, those that take turns. */
const poolMax = 8;
/** New items looked at for one seed: a quarter of what a list of similar items takes, for a pool of eight. */
const sharedMax = 250;
/** Items of the shopper's that new ones have to be like. */
const seedsMax = 2;
const hourMs = 3_600_000;

export interface Audience {
  /** Who looks: the same shopper sees the same new items for an hour. */
  readonly shopper: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Gives items without any event a few positions, since nothing else ever would: at most one in `every`, never the first
 * two, chosen by a hash of shopper and hour. Only items that suit the shopper's recent items or the item in view are let
 * in; where there is neither, the newest.
 */
export class Exploration {
  readonly #catalogue: Catalogue;
  readonly #every: number;
  readonly #newItems: SimilarItems;
  #model: Model | undefined;

  /** `every` 0: off. */
  constructor(catalogue: Catalogue, every: number) {
    this.#catalogue = catalogue;
    this.#every = every;
    this.#newItems = new SimilarItems(catalogue, () => false, {
      neighboursMax: 4 * poolMax,
      seedsMax: 20_000,
      sharedMax,
    });
  }

  /** `ranked` with new items seated in it, longer by those. */
  explore(
    ranked: readonly Ranked[],
    model: Model,
    seedIds: readonly string[],
    audience: Audience,
    accept: (slot: number) => boolean,
  ): Ranked[] {
    if (this.#every === 0) return [...ranked];
    this.know(model);
    if (this.#newItems.size === 0) return [...ranked];
    const pool = this.#pool(seedIds.slice(0, seedsMax), accept);
    if (pool.length === 0) return [...ranked];
    const turn = textHash(`${audience.shopper} ${Math.floor(audience.now / hourMs)}`);
    const positions: number[] = [];
    for (let block = 0; block * this.#every < ranked.length; block++) {
      const first = block === 0 ? Math.min(firstPosition, this.#every - 1) : 0;
      positions.push(block * this.#every + first + (textHash(`${turn} ${block}`) % (this.#every - first)));
    }
    return seat(
      ranked,
      positions.filter((position) => position >= firstPosition),
      (nth) => rotated(pool, turn + nth),
    );
  }

  #pool(seedIds: readonly string[], accept: (slot: number) => boolean): Ranked[] {
    const seeds = seedIds.map((id) => this.#catalogue.slotOf(id)).filter((slot) => slot >= 0);
    const idIn = (slot: number) => this.#catalogue.idAt(slot) as string;
    if (seeds.length === 0)
      return this.#newItems
        .newest(poolMax, accept)
        .map((slot) => ({ id: idIn(slot), slot, score: 0, cause: "new", source: undefined }));
    return this.#newItems
      .similarTo(seeds, poolMax, accept)
      .map(({ slot, seed }) => ({ id: idIn(slot), slot, score: 0, cause: "similar", source: idIn(seed) }));
  }

  forget(): void {
    this.#newItems.forget();
  }

  /** Finds out which items no model knows: walks the catalogue once for each model. */
  know(model: Model): void {
    if (this.#model === model) return;
    this.#model = model;
    const { visits } = model.parts.tables;
    this.#newItems.include((id) => {
      const index = model.indexOf(id);
      return index < 0 || visits[index] === 0;
    });
  }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const from = by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}
