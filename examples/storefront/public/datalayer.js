// The shop's own analytics, as any tag manager expects them: GA4 ecommerce events on `dataLayer`. Endcap reads them there.

window.dataLayer ??= [];
const layer = window.dataLayer;

function announce(event) {
  layer.push({ ecommerce: null });
  layer.push(event);
}

function withQuantity(event, item, quantity) {
  return { event, ecommerce: { currency: "GBP", value: item.price * quantity, items: [{ ...item, quantity }] } };
}

// A form or link may carry the events that using it means.
function announceAction(element) {
  const chosen = Number(element.elements?.namedItem("quantity")?.value);
  if (element.dataset.line) {
    const item = JSON.parse(element.dataset.line);
    const change = chosen - item.quantity;
    if (change !== 0) announce(withQuantity(change > 0 ? "add_to_cart" : "remove_from_cart", item, Math.abs(change)));
  } else if (element.dataset.event) {
    for (const event of [JSON.parse(element.dataset.event)].flat()) {
      announce(
        event.event === "add_to_cart" ? withQuantity(event.event, event.ecommerce.items[0], chosen || 1) : event,
      );
    }
  }
}

document.addEventListener("submit", (event) => announceAction(event.target));
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-event]");
  if (link) announceAction(link);
});
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-submit-on-change") && event.target.checkValidity()) form.requestSubmit();
});

const page = JSON.parse(document.getElementById("page-data").textContent);
for (const event of page.events) announce(event);
