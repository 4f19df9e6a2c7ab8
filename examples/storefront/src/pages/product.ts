import type { Group } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";
import { decimal } from "../catalogue/item.ts";
import { analyticsItem, ecommerceEvent } from "./analytics.ts";
import { breadcrumbData, breadcrumbs } from "./breadcrumbs.ts";
import { dot, picture } from "./card.ts";
import { type Fragment, html } from "./html.ts";
import { tickIcon } from "./icons.ts";
import type { Page, Visit } from "./layout.ts";
import { categoryPath, departmentPath, picturePath, productPath } from "./links.ts";
import { money } from "./money.ts";
import { placement } from "./placement.ts";

export function productPage(
  product: Product,
  group: Group,
  neighbours: readonly Group[],
  origin: string,
  visit: Visit,
): Page {
  const crumbs = [
    { name: product.category.department, path: departmentPath(product.category.department) },
    { name: product.category.name, path: categoryPath(product.category) },
    { name: product.modelTitle, path: productPath(product) },
  ];
  return {
    title: product.title,
    description: product.description,
    events: [ecommerceEvent("view_item", [{ product, quantity: 1 }])],
    structuredData: [productData(product, origin), breadcrumbData(origin, crumbs)],
    body: [
      html`<div class="band">${breadcrumbs(crumbs)}
<article class="product">
<div class="product-picture">${picture(product, true)}</div>
<div class="product-text">
<p class="maker">${product.brand.name}</p>
<h1>${product.title}</h1>
${price(product)}
<p class="lead">${product.description}</p>
${variants(product, group)}
${buy(product)}
<dl class="facts">
<div><dt>Made by</dt><dd>${product.brand.name}</dd></div>
<div><dt>Material</dt><dd>${product.material}</dd></div>
<div><dt>Colour</dt><dd>${product.colour}</dd></div>
${product.size !== undefined && html`<div><dt>Size</dt><dd>${product.size.label}</dd></div>`}
<div><dt>Delivery</dt><dd>Three working days, free over £60</dd></div>
</dl>
<p class="story">${product.brand.story}</p>
</div>
</article></div>`,
      placement("product", "You may also like", neighbours, visit, [product.id]),
    ],
  };
}

function price({ pricePence, listPricePence }: Product): Fragment {
  return html`<p class="product-price">${money(pricePence)}${
    listPricePence !== undefined &&
    html` <s>${money(listPricePence)}</s> <span class="badge">Save ${money(listPricePence - pricePence)}</span>`
  }</p>`;
}

function variants(product: Product, group: Group): Fragment {
  const colours = [...new Set(group.variants.map(({ colour }) => colour))];
  const sizes = [...new Set(group.variants.map(({ size }) => size))].filter((size) => size !== undefined);
  const find = (colour: Product["colour"], size: Product["size"]) =>
    group.variants.find((variant) => variant.colour === colour && variant.size === size);
  const option = (variant: Product | undefined, current: boolean, label: Fragment) =>
    variant !== undefined &&
    html`<a class="option${variant.availability === "out_of_stock" ? " gone" : ""}" href="${productPath(variant)}"${current && html` aria-current="true"`}>${label}</a>`;
  return [
    colours.length > 1 &&
      html`<div class="options"><h2>Colour</h2><div>${colours.map((colour) => option(find(colour, product.size), colour === product.colour, [dot(colour), colour]))}</div></div>`,
    sizes.length > 1 &&
      html`<div class="options"><h2>Size</h2><div>${sizes.map((size) => option(find(product.colour, size), size === product.size, size.label))}</div></div>`,
  ];
}

function buy(product: Product): Fragment {
  if (product.availability === "out_of_stock") {
    return html`<p class="stock gone">Sold out for now. The next batch is on the bench.</p>`;
  }
  const preorder = product.availability === "preorder";
  const event = { event: "add_to_cart", ecommerce: { currency: "GBP", items: [analyticsItem(product)] } };
  return html`<form class="buy" method="post" action="/basket/add" data-event="${JSON.stringify(event)}">
<input type="hidden" name="id" value="${product.id}">
<label class="quantity"><span class="sr">Quantity</span><input name="quantity" type="number" value="1" min="1" max="20" inputmode="numeric"></label>
<button class="button" type="submit">${preorder ? "Pre-order" : "Add to basket"}</button>
</form>
<p class="stock">${tickIcon} ${preorder ? "Arrives with the next delivery, in about two weeks" : "In stock, sent within a day"}</p>`;
}

const schemaAvailability = {
  in_stock: "https://schema.org/InStock",
  out_of_stock: "https://schema.org/OutOfStock",
  preorder: "https://schema.org/PreOrder",
};

function productData(product: Product, origin: string): object {
  return {
    "@context": "https://schema.org",
    "@type": "Product",
    "@id": origin + productPath(product),
    sku: product.id,
    productID: product.id,
    inProductGroupWithID: product.groupId,
    name: product.title,
    description: product.description,
    image: origin + picturePath(product),
    url: origin + productPath(product),
    category: [product.category.department, product.category.name, product.kind.shelf].join(" > "),
    color: product.colour,
    material: product.material,
    ...(product.size === undefined ? {} : { size: product.size.label }),
    brand: { "@type": "Brand", name: product.brand.name },
    offers: {
      "@type": "Offer",
      url: origin + productPath(product),
      price: decimal(product.pricePence),
      priceCurrency: "GBP",
      availability: schemaAvailability[product.availability],
      itemCondition: "https://schema.org/NewCondition",
    },
  };
}
