// snippet: product
"use client";
import { track } from "@endcap/sdk-browser";
import { EndcapRecommendations } from "@endcap/sdk-browser/react";
import { useEffect } from "react";

/** A client component: the browser SDK tells of the view and fetches the row itself. */
export function Product({ id, title }: { id: string; title: string }) {
  useEffect(() => {
    track("view_item", { items: [id] });
  }, [id]);
  return (
    <main>
      <h1>{title}</h1>
      <button type="button" onClick={() => track("add_to_cart", { items: [id] })}>
        Add to cart
      </button>
      <EndcapRecommendations placement="product" items={[id]} heading="Goes well with it" />
    </main>
  );
}
// end
