/** A small React shop, as its bundler gets it. */
import { createElement as h, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { init, track } from "../../../src/index.ts";
import { EndcapRecommendations, useRecommendations } from "../../../src/react.ts";

declare global {
  interface Window {
    gateway: string;
    key: string;
    loaded: number[];
  }
}

// Twice, as hot reloading and StrictMode do.
for (let i = 0; i < 2; i++) init({ key: window.key, endpoint: window.gateway, debug: true });
track("view_item", { items: ["react"] });
window.loaded = [];

function Titles() {
  const answer = useRecommendations({ placement: "titles", limit: 2, include: ["item"] });
  return h("p", { id: "titles" }, answer?.items.map(({ item }) => item?.title).join(", ") ?? "loading");
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    h(
      StrictMode,
      null,
      h(EndcapRecommendations, {
        placement: "home",
        items: ["a b", "c"],
        limit: 4,
        reasons: true,
        className: "slot",
        onLoaded: ({ count }) => window.loaded.push(count),
      }),
      h(Titles),
    ),
  );
}
