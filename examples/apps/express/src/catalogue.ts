import type { ItemInput } from "@endcap/sdk-node";

const product = (id: string, title: string, price: string, category: string): ItemInput => ({
  id,
  title,
  url: `/p/${id}`,
  price,
  currency: "EUR",
  availability: "in_stock",
  categories: [["Furniture", category]],
});

/** What the shop sells. A real one reads it from where its products are. */
export const catalogue: readonly ItemInput[] = [
  product("oak-table", "Oak Table", "349.00", "Tables"),
  product("ash-table", "Ash Table", "299.00", "Tables"),
  product("elm-chair", "Elm Chair", "89.00", "Chairs"),
];
