import type { Basket } from "../server/basket.ts";
import type { Order } from "../server/orders.ts";
import { ecommerceEvent } from "./analytics.ts";
import { summary } from "./basket.ts";
import { picture } from "./card.ts";
import { type Fragment, html } from "./html.ts";
import { tickIcon } from "./icons.ts";
import type { Page } from "./layout.ts";
import { productPath } from "./links.ts";
import { money } from "./money.ts";

export const addressFields = [
  { name: "name", label: "Name", autocomplete: "name", max: 120 },
  { name: "email", label: "E-mail", autocomplete: "email", max: 254 },
  { name: "street", label: "Street and number", autocomplete: "street-address", max: 200 },
  { name: "town", label: "Town", autocomplete: "address-level2", max: 120 },
  { name: "postcode", label: "Postcode", autocomplete: "postal-code", max: 12 },
] as const;
export type AddressField = (typeof addressFields)[number]["name"];
export type Address = Record<AddressField, string>;
export type AddressFaults = Partial<Record<AddressField, string>>;

export function checkoutPage(basket: Basket, values: Partial<Address>, faults: AddressFaults): Page {
  const form = [ecommerceEvent("add_shipping_info", basket.lines), ecommerceEvent("add_payment_info", basket.lines)];
  const again = Object.keys(faults).length > 0;
  return {
    title: "Checkout",
    noIndex: true,
    events: again ? [] : [ecommerceEvent("begin_checkout", basket.lines)],
    body: html`<div class="band"><div class="page-head"><h1>Checkout</h1><p>A rehearsal: no card is asked for and no parcel will leave.</p></div>
<div class="basket">
<form class="address" method="post" action="/checkout" novalidate data-event="${JSON.stringify(form)}">
${again && html`<p class="fault-note" role="alert">Nearly. Please look at the fields marked below.</p>`}
<fieldset><legend>Where it would go</legend>
${addressFields.map(({ name, label, autocomplete, max }) => field(name, label, autocomplete, max, values[name] ?? "", faults[name]))}
</fieldset>
<fieldset><legend>How you would pay</legend>
<label class="radio"><input type="radio" name="payment" value="invoice" checked> On invoice, by bank transfer</label>
<label class="radio"><input type="radio" name="payment" value="counter"> In coins, at the counter</label>
</fieldset>
<button class="button" type="submit">Place order for ${money(basket.totalPence)}</button>
</form>
<aside class="summary"><ul class="mini-lines">${basket.lines.map(
      ({ product, quantity }) =>
        html`<li>${picture(product, true)}<span>${quantity} × ${product.title}</span><b>${money(product.pricePence * quantity)}</b></li>`,
    )}</ul>${summary(basket)}</aside>
</div></div>`,
  };
}

function field(
  name: AddressField,
  label: string,
  autocomplete: string,
  max: number,
  value: string,
  fault: string | undefined,
): Fragment {
  return html`<div class="field field-${name}"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${value}" autocomplete="${autocomplete}" maxlength="${max}"${name === "email" && html` type="email"`}${
    fault !== undefined && html` aria-invalid="true" aria-describedby="${name}-fault"`
  }>
${fault !== undefined && html`<p class="fault" id="${name}-fault">${fault}</p>`}</div>`;
}

/** `justPlaced`: the first view of it, which is the one that reports the purchase. */
export function orderPage(order: Order, justPlaced: boolean): Page {
  const { basket } = order;
  return {
    title: `Order ${order.number}`,
    noIndex: true,
    events: justPlaced
      ? [
          ecommerceEvent("purchase", basket.lines, {
            transaction_id: order.id,
            value: basket.goodsPence / 100,
            shipping: basket.deliveryPence / 100,
          }),
        ]
      : [],
    body: html`<div class="band narrow"><div class="page-head"><p class="done">${tickIcon}</p><h1>Thank you, ${order.firstName}.</h1>
<p>Order ${order.number} is written in the book. In a real shop a parcel would now be on its way to ${order.town}.</p></div>
<ul class="mini-lines wide">${basket.lines.map(
      ({ product, quantity }) =>
        html`<li>${picture(product, true)}<span>${quantity} × <a href="${productPath(product)}">${product.title}</a></span><b>${money(product.pricePence * quantity)}</b></li>`,
    )}</ul>
${summary(basket)}
<p><a class="button" href="/">Back to the shop</a></p></div>`,
  };
}
