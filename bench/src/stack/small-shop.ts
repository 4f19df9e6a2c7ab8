/** A small shop with taste in it: shoppers stay within a theme, so that views of one item speak for others of its theme. */
import type { Item } from "@endcap/protocol";

export const themes = ["tea", "garden", "bath", "desk", "picnic", "candle"] as const;
export const itemsPerTheme = 10;

export const itemId = (theme: number, n: number): string => `${themes[theme]}-${n}`;

export function shopItems(updatedAt: string): Item[] {
  return themes.flatMap((theme, t) =>
    Array.from(
      { length: itemsPerTheme },
      (_, n): Item => ({
        id: itemId(t, n),
        title: `${theme[0]?.toUpperCase()}${theme.slice(1)} piece ${n + 1}`,
        url: `/p/${theme}-${n}`,
        price: (5 + t * 3 + n).toFixed(2),
        currency: "EUR",
        availability: "in_stock",
        categories: [["Home", theme]],
        updatedAt,
      }),
    ),
  );
}

/** Mulberry32: small, seeded, good enough to scatter shoppers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Step {
  readonly type: "view_item" | "add_to_cart" | "purchase";
  readonly data: {
    readonly userId: string;
    readonly items: { readonly id: string; readonly quantity?: number; readonly price?: number }[];
    readonly at: Date;
    readonly transactionId?: string;
    readonly currency?: string;
  };
}

/** Visits of `shoppers` people in the last day: a few items of one theme each, one visit in three ends in a purchase. */
export function* visits(shoppers: number, now: number, seed = 1): Generator<Step> {
  const random = seededRandom(seed);
  for (let s = 0; s < shoppers; s++) {
    const userId = `shopper-${s}`;
    const theme = Math.floor(random() * themes.length);
    const start = now - Math.floor(random() * 86_000_000) - 600_000;
    const count = 3 + Math.floor(random() * 5);
    const bought: string[] = [];
    for (let step = 0; step < count; step++) {
      const id = itemId(theme, Math.floor(random() ** 1.5 * itemsPerTheme));
      const at = new Date(start + step * 20_000);
      yield { type: "view_item", data: { userId, items: [{ id }], at } };
      if (random() < 0.25) {
        yield { type: "add_to_cart", data: { userId, items: [{ id }], at: new Date(at.getTime() + 5_000) } };
        bought.push(id);
      }
    }
    if (bought.length > 0) {
      const items = [...new Set(bought)].map((id) => ({ id, quantity: 1, price: 10 }));
      yield {
        type: "purchase",
        data: { userId, items, transactionId: `t-${s}`, currency: "EUR", at: new Date(start + count * 20_000) },
      };
    }
  }
}
