import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";

const linesMax = 30;
const quantityMax = 20;
const freeDeliveryFromPence = 6000;
const deliveryPence = 450;

export interface BasketLine {
  product: Product;
  quantity: number;
}

/**
 * What a shopper carries, kept in a cookie as "id*2~id*1" so that the shop has no state to lose. Ids that the
 * catalogue no longer knows and quantities out of bounds are dropped on reading.
 */
export class Basket {
  readonly lines: readonly BasketLine[];

  constructor(lines: readonly BasketLine[]) {
    this.lines = lines;
  }

  static read(cookie: string | undefined, catalogue: Catalogue): Basket {
    const quantities = new Map<Product, number>();
    for (const part of (cookie ?? "").split("~").slice(0, linesMax)) {
      const [id = "", count = ""] = part.split("*");
      const product = catalogue.product(id);
      const quantity = Number(count);
      if (product !== undefined && Number.isInteger(quantity) && quantity > 0) {
        quantities.set(product, Math.min(quantity, quantityMax));
      }
    }
    return new Basket([...quantities].map(([product, quantity]) => ({ product, quantity })));
  }

  write(): string {
    return this.lines.map(({ product, quantity }) => `${product.id}*${quantity}`).join("~");
  }

  add(product: Product, quantity: number): Basket {
    const had = this.lines.find((line) => line.product === product)?.quantity ?? 0;
    return this.set(product, had + quantity);
  }

  /** 0 takes it out. */
  set(product: Product, quantity: number): Basket {
    const bounded = Math.min(quantity, quantityMax);
    const known = this.lines.some((line) => line.product === product);
    if (!known)
      return bounded > 0 ? new Basket([...this.lines, { product, quantity: bounded }].slice(-linesMax)) : this;
    return new Basket(
      this.lines
        .map((line) => (line.product === product ? { product, quantity: bounded } : line))
        .filter((line) => line.quantity > 0),
    );
  }

  get count(): number {
    return this.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  get goodsPence(): number {
    return this.lines.reduce((sum, { product, quantity }) => sum + product.pricePence * quantity, 0);
  }

  get deliveryPence(): number {
    return this.goodsPence === 0 || this.goodsPence >= freeDeliveryFromPence ? 0 : deliveryPence;
  }

  get totalPence(): number {
    return this.goodsPence + this.deliveryPence;
  }

  get toFreeDeliveryPence(): number {
    return Math.max(0, freeDeliveryFromPence - this.goodsPence);
  }
}
