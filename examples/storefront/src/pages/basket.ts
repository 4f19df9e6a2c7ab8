import type { Group } from "../catalogue/catalogue.ts";
import type { Basket, BasketLine } from "../server/basket.ts";
import { analyticsItem, ecommerceEvent } from "./analytics.ts";
import { picture } from "./card.ts";
import { type Fragment, type Html, html } from "./html.ts";
import type { Page, Visit } from "./layout.ts";
import { productPath } from "./links.ts";
import { money } from "./money.ts";
import { placement } from "./placement.ts";

export function basketPage(basket: Basket, own: readonly Group[], visit: Visit): Page {
  const ids = basket.lines.map(({ product }) => product.id);
  // What goes with nothing is no question; what this shopper may like is one.
  const [name, heading] = ids.length > 0 ? ["cart", "Often carried home together"] : ["home", "To begin with"];
  return {
    title: "Basket",
    noIndex: true,
    events: basket.lines.length > 0 ? [ecommerceEvent("view_cart", basket.lines)] : [],
    body: [
      html`<div class="band"><div class="page-head"><h1>Your basket</h1></div>
${basket.lines.length === 0 ? empty() : full(basket)}
</div>`,
      placement(name, heading, own, visit, ids),
    ],
  };
}

function empty(): Html {
  return html`<p class="lead">It is empty, which makes it easy to carry. <a href="/">Have a look around.</a></p>`;
}

function full(basket: Basket): Html {
  return html`<div class="basket">
<ul class="lines">${basket.lines.map(line)}</ul>
<aside class="summary">${summary(basket)}<a class="button wide" href="/checkout">Check out</a>
${basket.toFreeDeliveryPence > 0 && html`<p class="small">Another ${money(basket.toFreeDeliveryPence)} and delivery is free.</p>`}</aside>
</div>`;
}

function line({ product, quantity }: BasketLine): Html {
  // datalayer.js turns a changed quantity into add_to_cart or remove_from_cart.
  const item = JSON.stringify(analyticsItem(product, quantity));
  return html`<li class="line">
<a href="${productPath(product)}" tabindex="-1" aria-hidden="true">${picture(product, true)}</a>
<div class="line-text"><span class="maker">${product.brand.name}</span><a href="${productPath(product)}">${product.title}</a>
<span class="small">${money(product.pricePence)} each</span></div>
<form class="line-quantity" method="post" action="/basket/update" data-submit-on-change data-line="${item}">
<input type="hidden" name="id" value="${product.id}">
<label><span class="sr">Quantity of ${product.title}</span><input name="quantity" type="number" value="${quantity}" min="0" max="20" inputmode="numeric"></label>
<button type="submit">Update</button></form>
<b class="line-price">${money(product.pricePence * quantity)}</b>
<form class="line-remove" method="post" action="/basket/update" data-line="${item}"><input type="hidden" name="id" value="${product.id}"><input type="hidden" name="quantity" value="0">
<button type="submit" aria-label="Remove ${product.title}">Remove</button></form>
</li>`;
}

export function summary(basket: Basket): Fragment {
  return html`<dl class="sums">
<div><dt>Goods</dt><dd>${money(basket.goodsPence)}</dd></div>
<div><dt>Delivery</dt><dd>${basket.deliveryPence === 0 ? "Free" : money(basket.deliveryPence)}</dd></div>
<div class="total"><dt>Total</dt><dd>${money(basket.totalPence)}</dd></div>
</dl>`;
}
