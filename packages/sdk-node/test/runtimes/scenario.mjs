// What every runtime does with the installed package: each kind of call once, against the endpoint it is given.

function assert(condition, what) {
  if (!condition) throw new Error(`failed: ${what}`);
}

export async function scenario({ Endcap, EndcapApiError }, { endpoint, key, secret }) {
  const endcap = new Endcap({ endpoint, key, secret });
  const item = {
    id: "tisch/ä 1",
    title: "Oak Table",
    url: "/p/1",
    price: "349.00",
    currency: "EUR",
    availability: "in_stock",
    categories: [["Tables"]],
  };
  const upserted = await endcap.items.upsert([item, { ...item, id: "ash" }]);
  assert(upserted.stored === 2, "two items are stored");
  assert((await endcap.items.get(item.id)).title === item.title, "an item comes back");

  endcap.track("view_item", { userId: "u-1", items: [item.id] });
  endcap.track("purchase", { userId: "u-1", transactionId: "t-1", items: [{ id: item.id, quantity: 1, price: 349 }] });
  const counts = await endcap.flush();
  assert(counts.accepted === 2, "two events are accepted");

  const { items } = await endcap.recommendations.get({ strategy: "recently_viewed", shopper: { userId: "u-1" } });
  assert(items[0]?.id === item.id, "the last click is recommended");

  // Compressed parts, where the runtime has to bring CompressionStream.
  const lines = Array.from({ length: 200 }, (_, n) => ({
    item: { ...item, id: `bulk-${n}`, updatedAt: "2026-01-01T00:00:00Z" },
  }));
  const imported = await endcap.imports.run("history", lines);
  assert(imported.items === 200, "200 lines are imported");

  const body = JSON.stringify({ hello: "wörld" });
  const headers = endcap.webhooks.sign(body);
  assert(endcap.webhooks.verify(body, headers).hello === "wörld", "a webhook is verified");
  assert(endcap.createUserToken({ userId: "u-1" }).split(".").length === 3, "a user token is made");

  const refusal = await endcap.items.get("nothing").catch((error) => error);
  assert(refusal instanceof EndcapApiError && refusal.code === "item_not_found", "a refusal is typed");
  assert((await endcap.close()).accepted === 0, "the client closes");
}
