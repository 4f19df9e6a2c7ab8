import type { Product } from "../catalogue/generate.ts";

/** GA4's ecommerce events, as the shop would push them for its own analytics whether or not it used Endcap. */
export interface AnalyticsEvent {
  event: string;
  ecommerce: {
    currency?: "GBP";
    value?: number;
    transaction_id?: string;
    shipping?: number;
    search_term?: string;
    item_list_id?: string;
    items?: AnalyticsItem[];
  };
}

export interface AnalyticsItem {
  item_id: string;
  item_name: string;
  item_brand: string;
  item_category: string;
  item_category2: string;
  item_variant?: string;
  price: number;
  quantity: number;
}

export function analyticsItem(product: Product, quantity = 1): AnalyticsItem {
  return {
    item_id: product.id,
    item_name: product.title,
    item_brand: product.brand.name,
    item_category: product.category.department,
    item_category2: product.category.name,
    item_variant: [product.colour, product.size?.label].filter((part) => part !== undefined).join(", "),
    price: product.pricePence / 100,
    quantity,
  };
}

export function ecommerceEvent(
  event: string,
  lines: readonly { product: Product; quantity: number }[],
  more: AnalyticsEvent["ecommerce"] = {},
): AnalyticsEvent {
  const pence = lines.reduce((sum, { product, quantity }) => sum + product.pricePence * quantity, 0);
  return {
    event,
    ecommerce: {
      currency: "GBP",
      value: pence / 100,
      ...more,
      items: lines.map(({ product, quantity }) => analyticsItem(product, quantity)),
    },
  };
}

export function listEvent(listId: string, products: readonly Product[]): AnalyticsEvent {
  return {
    event: "view_item_list",
    ecommerce: { item_list_id: listId, items: products.slice(0, 24).map((product) => analyticsItem(product)) },
  };
}
