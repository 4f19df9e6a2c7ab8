import { LRUCache } from "lru-cache";

/** Visits that must agree, each from an address and by a shopper of its own. */
const agreeing = 3;
/** Latest words kept of one item. */
const witnessesMax = 8;
const witnessMsMax = 24 * 3_600_000;
/** Least recently seen forgotten first: 50,000 items of 8 witnesses at most, some 60 MB. */
const tenantsMax = 100;
const itemsMax = 500;

export interface Witness {
  /** Of the network address. */
  readonly mark: string;
  readonly shopper: string;
  /** When it was heard, Unix milliseconds. */
  readonly at: number;
}

interface Word extends Witness {
  readonly claim: string;
}

/**
 * Who lately said what of which item. An address has one word, its latest, and so has a shopper: whoever comes from one
 * address is one voice, however many shoppers they make up. In memory: what a restart forgets is said again.
 */
export class Witnesses {
  readonly #words = new LRUCache<string, LRUCache<string, readonly Word[]>>({ max: tenantsMax });

  /**
   * Hears that `item` is as `claim` says. Resolves to when the earliest of the agreeing visits was, once there are
   * enough of them; then it is forgotten what was said of the item.
   */
  hear(tenant: string, item: string, claim: string, witness: Witness): number | undefined {
    let items = this.#words.get(tenant);
    if (items === undefined) {
      items = new LRUCache({ max: itemsMax });
      this.#words.set(tenant, items);
    }
    const others = (items.get(item) ?? []).filter(
      ({ mark, shopper, at }) => mark !== witness.mark && shopper !== witness.shopper && witness.at - at < witnessMsMax,
    );
    const agreed = others.filter((other) => other.claim === claim);
    if (agreed.length + 1 < agreeing) {
      items.set(item, [...others, { ...witness, claim }].slice(-witnessesMax));
      return undefined;
    }
    items.delete(item);
    return Math.min(witness.at, ...agreed.map(({ at }) => at));
  }
}
