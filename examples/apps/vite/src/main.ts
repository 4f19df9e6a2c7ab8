/** A product page of a shop: one view, one cart button, one row of recommendations. */
// snippet: page
import { init, track } from "@endcap/sdk-browser";

init({ key: import.meta.env.VITE_ENDCAP_KEY, endpoint: import.meta.env.VITE_ENDCAP_ENDPOINT });

track("view_item", { items: ["oak-table"] });

document.querySelector("#add-to-cart")?.addEventListener("click", () => {
  track("add_to_cart", { currency: "EUR", value: 349, items: [{ id: "oak-table", quantity: 1, price: 349 }] });
});
// end
