import type { Item } from "@endcap/protocol";
import type { RetailLine } from "./retail-line.ts";

interface Product {
  readonly titles: Map<string, number>;
  price: number;
  at: string;
}

/** The products that the lines speak of: title from the most frequent description, price from the latest sale. */
export class RetailCatalogue {
  readonly #products = new Map<string, Product>();

  add(line: RetailLine): void {
    let product = this.#products.get(line.product);
    if (product === undefined) {
      product = { titles: new Map(), price: line.price, at: line.at };
      this.#products.set(line.product, product);
    }
    if (line.description !== undefined) {
      product.titles.set(line.description, (product.titles.get(line.description) ?? 0) + 1);
    }
    if (line.quantity > 0 && line.at >= product.at) {
      product.price = line.price;
      product.at = line.at;
    }
  }

  *items(): Generator<Item> {
    for (const [id, { titles, price, at }] of this.#products) {
      yield {
        id,
        title: mostFrequent(titles) ?? id,
        url: `/p/${id}`,
        price: price.toFixed(2),
        currency: "GBP",
        availability: "in_stock",
        categories: [],
        updatedAt: at,
      };
    }
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const [text, count] of counts) {
    if (count > most) [best, most] = [text, count];
  }
  return best;
}
