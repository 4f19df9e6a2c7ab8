/** The product that a page is about, as it tells search engines: schema.org's Product or ProductGroup in JSON-LD. */
import type { EventItem } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import { currencyOf, first, idOf, itemOf, type Loose } from "./values.ts";

/** As an event tells it. */
export interface Product {
  readonly items: readonly EventItem[];
  readonly currency: string | undefined;
  /** schema.org's word for its availability. */
  readonly stock: string | undefined;
}

/** Whether `node` says that it lives at this address. */
const isHere = (node: Loose): boolean =>
  [node.url, node["@id"], first(node.offers)?.url].some(
    (url) => url && attempt(() => location.href.startsWith(new URL(url as string, location.href).href)),
  );

/** `undefined` on a page without a product, or with several of which none is this page's. */
export function productOnPage(warn: (...what: unknown[]) => void): Product | undefined {
  const found: Loose[] = [];
  const walk = (value: unknown): void => {
    for (const node of [value].flat() as Loose[]) {
      if (!node) continue;
      if (/\bProduct(Group)?\b/.test(`${node["@type"]}`)) found.push(node);
      walk(node["@graph"]);
      walk(node.mainEntity);
    }
  };
  for (const { textContent } of document.querySelectorAll('script[type*="ld+json"]')) {
    try {
      walk(JSON.parse(textContent));
    } catch (error) {
      warn("JSON-LD", error);
    }
  }
  const page = found[1] ? found.find(isHere) : found[0];
  if (!page) return undefined;
  const variants = [page.hasVariant ?? []].flat() as Loose[];
  const product = { ...page, ...(variants.find(isHere) ?? variants[0]) };
  const offers = first(product.offers);
  const offer: Loose = { ...first(offers?.offers), ...offers };
  const terms: Loose = { ...offer, ...first(offer.priceSpecification) };
  const id = idOf(first(product.sku ?? product.productID ?? product.mpn));
  return id
    ? {
        items: [itemOf(id, { price: offer.price ?? terms.lowPrice ?? terms.price })],
        currency: currencyOf(offer.priceCurrency ?? terms.priceCurrency),
        stock: idOf(offer.availability)?.replace(/.*\//, ""),
      }
    : undefined;
}
