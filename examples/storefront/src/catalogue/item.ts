import type { Item } from "@endcap/sdk-node";
import type { Product } from "./generate.ts";

/** A product as Endcap's catalogue wants it. `origin` is the shop's own, without a slash at its end. */
export function toItem(product: Product, origin: string, updatedAt: Date): Item {
  return {
    id: product.id,
    groupId: product.groupId,
    title: product.title,
    url: `${origin}/products/${product.id}`,
    imageUrl: `${origin}/pictures/${product.id}.svg`,
    price: decimal(product.pricePence),
    ...(product.listPricePence === undefined ? {} : { listPrice: decimal(product.listPricePence) }),
    currency: "GBP",
    availability: product.availability,
    categories: [[product.category.department, product.category.name, product.kind.shelf]],
    brand: product.brand.name,
    attributes: {
      colour: product.colour,
      ...(product.size === undefined ? {} : { size: product.size.label }),
      material: product.material,
      series: product.series,
      fresh: product.fresh,
    },
    updatedAt: updatedAt.toISOString(),
  };
}

/** Pence as a decimal string in pounds: 450 is "4.50". */
export function decimal(pence: number): string {
  return (pence / 100).toFixed(2);
}
