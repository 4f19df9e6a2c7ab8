import { colourways } from "../art/colour.ts";
import type { Group } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";
import { analyticsItem } from "./analytics.ts";
import { type Html, html, trusted } from "./html.ts";
import { picturePath, productPath } from "./links.ts";
import { money } from "./money.ts";

/** A model on a shelf. `list` names the shelf in the select_item event that a click pushes. */
function card(group: Group, list: string, eager = false): Html {
  const product = group.face;
  const colours = [...new Set(group.variants.map(({ colour }) => colour))];
  const cheapest = Math.min(...group.variants.map(({ pricePence }) => pricePence));
  const varies = group.variants.some(({ pricePence }) => pricePence !== cheapest);
  const event = { event: "select_item", ecommerce: { item_list_id: list, items: [analyticsItem(product)] } };
  return html`<li class="card"><a href="${productPath(product)}" data-event="${JSON.stringify(event)}">
<span class="picture">${picture(product, eager)}${badge(group)}</span>
<span class="maker">${product.brand.name}</span>
<span class="name">${product.modelTitle}</span>
<span class="price">${varies && html`<span class="from">from</span> `}${money(cheapest)}${!varies && product.listPricePence !== undefined && html` <s>${money(product.listPricePence)}</s>`}</span>
${colours.length > 1 && html`<span class="dots" aria-label="${colours.length} colours">${colours.map(dot)}</span>`}
</a></li>`;
}

export function shelf(groups: readonly Group[], list: string, kind: "grid" | "row" = "grid"): Html {
  return html`<ul class="shelf ${kind}">${groups.map((group, i) => card(group, list, i < 4))}</ul>`;
}

export function picture(product: Product, eager = false): Html {
  return html`<img src="${picturePath(product)}" alt="" width="400" height="400" ${eager ? "" : trusted('loading="lazy"')} decoding="async">`;
}

export function dot(colour: keyof typeof colourways): Html {
  // An SVG attribute, because the page's policy allows no inline style.
  return trusted(
    `<svg class="dot" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5.4" fill="${colourways[colour]}"/></svg>`,
  );
}

function badge({ face, variants }: Group): Html | undefined {
  if (variants.every(({ availability }) => availability === "out_of_stock"))
    return html`<span class="badge quiet">Sold out</span>`;
  if (face.listPricePence !== undefined) {
    const off = Math.round((1 - face.pricePence / face.listPricePence) * 20) * 5;
    return html`<span class="badge">${off}% off</span>`;
  }
  return face.fresh ? html`<span class="badge new">New</span>` : undefined;
}
