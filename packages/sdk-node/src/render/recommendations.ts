/** Recommendations in a page's first bytes: markup that the browser SDK's element takes over as it stands. */
import type { RecommendationAnswer, RecommendedItem } from "@endcap/protocol";
import { el, Markup, safeUrl } from "./markup.ts";
import { priceFormats } from "./money.ts";
import { STYLES } from "./styles.ts";

/** Attributes of `<endcap-recommendations>`, and how the server's part is made. */
export interface RenderOptions {
  /** Default: the answer's. */
  readonly placement?: string | undefined;
  readonly strategy?: string | undefined;
  /** Ids in view, as they were asked with. */
  readonly items?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  /** Default `carousel`. */
  readonly layout?: "carousel" | "grid" | undefined;
  /** Default: the placement's title, if it has one. */
  readonly heading?: string | undefined;
  /** Says of each item why it is there; ask with `include: ["item", "reason"]`. */
  readonly reasons?: boolean | undefined;
  /** Labels of the carousel's buttons. */
  readonly previous?: string | undefined;
  readonly next?: string | undefined;
  /** Fetches the page of a card on which the pointer rests. */
  readonly prefetch?: boolean | undefined;
  /** Language of prices, as `de-DE`, and of the element. Give it: default is the server's own. */
  readonly locale?: string | undefined;
  /** Of the page's `style-src`. Without one, list RECOMMENDATIONS_STYLE_HASH there. */
  readonly nonce?: string | undefined;
}

/** The first cards are in sight when the page opens: a lazy image would come late there. */
const EAGER_IMAGES = 4;

/**
 * HTML of one list, for a page that is sent as it is: every text is escaped, no script, no style attribute, no handler. The
 * element adopts it without asking again, and counts its impressions and clicks. Without an answer, or with nothing in it
 * that can be shown, it is the bare element, which asks for itself once the page is there.
 */
export function renderRecommendations(answer: RecommendationAnswer | undefined, options: RenderOptions = {}): string {
  const { layout = "carousel", heading, locale, nonce } = options;
  const price = priceFormats(locale);
  const cards = (answer?.items ?? []).flatMap((recommended, i) => card(recommended, i, options, price) ?? []);
  const isShown = answer !== undefined && cards.length > 0;
  const title = heading ?? answer?.title;
  const shadow = isShown && [
    el("style", { nonce }, new Markup(STYLES)),
    el(
      "section",
      { class: layout, part: "root", "aria-label": title ?? "Recommendations" },
      title !== undefined && el("h2", { part: "heading" }, title),
      // Safari forgets that a list without bullets is one.
      el("ul", { role: "list", part: "list" }, ...cards),
    ),
  ];
  return el(
    "endcap-recommendations",
    { ...hostAttributes(answer, options), "recommendation-id": isShown && answer.recommendationId },
    shadow && el("template", { shadowrootmode: "open" }, ...shadow),
  ).html;
}

const hostAttributes = (answer: RecommendationAnswer | undefined, options: RenderOptions) => ({
  placement: options.placement ?? answer?.placement,
  strategy: options.strategy,
  items: options.items && JSON.stringify(options.items),
  limit: options.limit,
  layout: options.layout,
  heading: options.heading,
  reasons: options.reasons,
  previous: options.previous,
  next: options.next,
  prefetch: options.prefetch,
  lang: options.locale,
});

/** The same card as the element's own, and the id by which it is adopted. */
function card(
  { id, item, reason }: RecommendedItem,
  index: number,
  { reasons }: RenderOptions,
  price: (price: string, currency: string) => string,
): Markup | undefined {
  const href = safeUrl(item?.url);
  if (!item || !href) return undefined;
  const src = safeUrl(item.imageUrl);
  const isReduced = item.listPrice !== undefined && Number(item.listPrice) > Number(item.price);
  const link = el(
    "a",
    { href, part: "link" },
    // The name beside it says what it shows.
    src
      ? el("img", {
          class: "image",
          part: "image",
          alt: "",
          loading: index >= EAGER_IMAGES && "lazy",
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
      price(item.price, item.currency),
      isReduced && el("s", { class: "list-price", part: "list-price" }, price(item.listPrice ?? "", item.currency)),
    ),
    reasons && el("span", { class: "reason", part: "reason" }, reason?.text ?? ""),
  );
  return el("li", { part: "card", "data-id": id }, link);
}
