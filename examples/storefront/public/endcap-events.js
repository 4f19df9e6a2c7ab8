// Explicit calls to Endcap, one for each event the shop announces. Calls made before the SDK has loaded wait in the
// stub's queue. This file is all of the shop's Endcap code besides the tag and the placements.

window.endcap ??= { q: [] };
for (const method of ["track", "signOut"]) {
  window.endcap[method] ??= (...call) => window.endcap.q.push([method, ...call]);
}

const { signedOut } = JSON.parse(document.getElementById("page-data").textContent);
if (signedOut) window.endcap.signOut();

document.addEventListener("shop:event", ({ detail: { event, ecommerce } }) => {
  window.endcap.track(event, {
    items: ecommerce.items?.map(({ item_id, price, quantity }) => ({ id: item_id, price, quantity })),
    currency: ecommerce.currency,
    value: ecommerce.value,
    transactionId: ecommerce.transaction_id,
    query: ecommerce.search_term,
  });
});
