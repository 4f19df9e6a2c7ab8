import type { Reason } from "@endcap/protocol";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { CART, PURCHASE } from "../model/index.ts";
import type { History } from "./history.ts";
import type { Ranked } from "./ranked.ts";

/** The sentence a person reads, and its parts for shops that speak another language. */
export function reasonOf(entry: Ranked, inView: ReadonlySet<string>, history: History, catalogue: Catalogue): Reason {
  switch (entry.cause) {
    case "popular":
      return { kind: "popular", text: "Popular right now", table: "popularity" };
    case "trending":
      return { kind: "trending", text: "Trending now", table: "trend" };
    case "new":
      return { kind: "new", text: "New here" };
    case "recent":
      return { kind: "recent", text: "You looked at this lately" };
    case "pinned":
      return { kind: "picked", text: "Picked by the shop" };
    case "inSession":
      return {
        ...(history.purchased.has(entry.id)
          ? { kind: "purchased", text: "You bought this before" }
          : { kind: "recent", text: "You looked at this before" }),
        ...because(entry.source, catalogue),
        table: "session",
      };
    case "boughtTogether":
      return {
        kind: "in_view",
        text: `Often bought with ${name(entry.source, catalogue)}`,
        ...because(entry.source, catalogue),
        table: "baskets",
      };
    case "similar":
      return {
        kind: "similar",
        text: `Similar to ${name(entry.source, catalogue)}`,
        ...because(entry.source, catalogue),
        table: "catalogue",
      };
    case "viewed":
      return {
        ...fromItem(entry.source, inView, history, catalogue),
        ...because(entry.source, catalogue),
        table: "sessions",
      };
  }
}

function fromItem(
  source: string | undefined,
  inView: ReadonlySet<string>,
  history: History,
  catalogue: Catalogue,
): Pick<Reason, "kind" | "text"> {
  const title = name(source, catalogue);
  if (source !== undefined && inView.has(source)) return { kind: "in_view", text: `Goes with ${title}` };
  switch (source === undefined ? undefined : history.strongest.get(source)) {
    case PURCHASE:
      return { kind: "purchased", text: `Because you bought ${title}` };
    case CART:
      return { kind: "carted", text: `Because you chose ${title}` };
    default:
      return { kind: "viewed", text: `Because you viewed ${title}` };
  }
}

function name(id: string | undefined, catalogue: Catalogue): string {
  return (id === undefined ? undefined : catalogue.get(id)?.title) ?? id ?? "this";
}

function because(id: string | undefined, catalogue: Catalogue): Pick<Reason, "because"> {
  if (id === undefined) return {};
  const title = catalogue.get(id)?.title;
  return { because: { itemId: id, ...(title !== undefined && { title }) } };
}
