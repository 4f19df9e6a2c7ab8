/** One recommended item, and the empty card that holds its place. */
import type { RecommendedItem } from "@endcap/protocol";
import { el, safeUrl } from "./dom.ts";
import type { Price } from "./money.ts";

export interface CardOptions {
  readonly reasons: boolean;
  readonly price: Price;
  readonly onChoose: () => void;
}

/** `undefined` for an item that cannot be shown: it carries no details, or leads nowhere. */
export function card({ item, reason }: RecommendedItem, options: CardOptions): HTMLLIElement | undefined {
  const href = safeUrl(item?.url);
  if (!item || !href) return undefined;
  const price = (amount: string) => options.price(amount, item.currency);
  const src = safeUrl(item.imageUrl);
  const link = el(
    "a",
    { href, part: "link" },
    // The name beside it says what it shows.
    src
      ? el("img", {
          class: "image",
          part: "image",
          alt: "",
          loading: "lazy",
          decoding: "async",
          width: 320,
          height: 320,
          src,
        })
      : el("span", { class: "image", part: "image" }),
    el("span", { class: "name", part: "name" }, item.title),
    el(
      "span",
      { class: "price", part: "price" },
      price(item.price),
      Number(item.listPrice) > Number(item.price) &&
        el("s", { class: "list-price", part: "list-price" }, price(item.listPrice ?? "")),
    ),
    options.reasons && el("span", { class: "reason", part: "reason" }, reason?.text ?? ""),
  );
  link.addEventListener("click", options.onChoose);
  // The middle button opens a tab and sends no click.
  link.addEventListener("auxclick", ({ button }) => button === 1 && options.onChoose());
  return el("li", { part: "card" }, link);
}

/** A card without content, as high as one with. */
export function emptyCard(reasons: boolean): HTMLLIElement {
  const line = (name: string) => el("span", { class: name });
  return el(
    "li",
    { class: "skeleton", part: "card skeleton" },
    el("a", {}, line("image"), line("name"), line("price"), reasons && line("reason")),
  );
}
