/** What an `<endcap-recommendations>` shows, from its attributes to cards, without ever moving the page around it. */
import { type Endcap, type Recommendations, type RecommendRequest, SHOPPER_EVENT } from "../core/client.ts";
import { card, emptyCard } from "./card.ts";
import { type CarouselButtons, carouselButtons } from "./carousel.ts";
import { el } from "./dom.ts";
import { type Impressions, watchImpressions } from "./impressions.ts";
import { localeOf, prices } from "./money.ts";
import { nextTask } from "./next-task.ts";
import { prefetchOnRest } from "./prefetch.ts";
import { styleSheet } from "./styles.ts";
import { ownContent, removeCards, templateCard, templateOf } from "./template.ts";

export interface View {
  connect(): void;
  disconnect(): void;
}

/** Which list an event speaks of. */
interface Origin {
  readonly recommendationId: string;
  readonly placement?: string;
}

const ATTRIBUTES = ["placement", "strategy", "items", "limit", "layout", "reasons", "heading"];
/** Waits after an answer that did not come. */
const RETRY_MS = [1000, 4000];
const LIMIT_DEFAULT = 12;
/** Lower than this no card can be read, whatever space was held. */
const CAROUSEL_PX_MIN = 200;
/** Cards that are made in one task: a slow phone takes some milliseconds for them. */
const CARDS_PER_TASK = 3;

/** Ids as `a,b`, `a b`, or, for ids with commas and spaces in them, a JSON array. */
function parseIds(text: string | null): string[] {
  if (!text) return [];
  if (text.trimStart().startsWith("[")) {
    try {
      const ids: unknown = JSON.parse(text);
      if (Array.isArray(ids)) return ids.map(String);
    } catch {
      // Then it is no JSON.
    }
  }
  return text.split(/[\s,]+/).filter(Boolean);
}

export function mount(host: HTMLElement, endcap: Endcap): View {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  // What a server rendered and a script put in (a client-side navigation), where the HTML parser makes no shadow root.
  const late = host.querySelector<HTMLTemplateElement>(":scope > template[shadowrootmode]");
  if (late) {
    root.append(late.content);
    late.remove();
  }
  // Until there is something of ours the shop's own content is seen.
  if (!root.firstChild) root.append(el("slot"));
  root.adoptedStyleSheets = [styleSheet()];
  let section: HTMLElement | undefined;
  let impressions: Impressions | undefined;
  let carousel: CarouselButtons | undefined;
  let leaving: IntersectionObserver | undefined;
  /** Counts requests: an answer that was overtaken is not shown. */
  let asked = 0;
  /** For an answer. */
  let waiting = false;
  /** Counts lists: one that was overtaken while its cards were made is not shown. */
  let making = 0;
  /** As the browser laid it out last. To ask for it would lay out the page in the middle of a task. */
  let size: Pick<DOMRectReadOnly, "width" | "height"> = { width: 0, height: 0 };
  /** The window's size changed: if the element's does as well, the shopper turned the phone, and the styles decide again. */
  let turned = false;
  const turn = () => {
    turned = true;
  };
  const sizes = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const { contentRect } = entry;
    if (turned && section && contentRect.width !== size.width) {
      section.style.minBlockSize = section.style.blockSize = "";
    }
    turned = false;
    size = contentRect;
  });

  const attribute = (name: string): string | undefined => host.getAttribute(name) ?? undefined;
  const isGrid = () => attribute("layout") === "grid";
  const limit = () => Math.min(100, Math.max(1, Number(attribute("limit")) || LIMIT_DEFAULT));
  const reasons = () => host.hasAttribute("reasons");

  function request(): RecommendRequest {
    const items = parseIds(host.getAttribute("items"));
    const placement = attribute("placement");
    const strategy = attribute("strategy");
    return {
      ...(placement && { placement }),
      ...(strategy && { strategy }),
      ...(items.length > 0 && { items }),
      limit: limit(),
      // A shop may have written what is no language.
      ...(/^[a-z\d-]{2,35}$/i.test(localeOf(host)) && { locale: localeOf(host) }),
      include: reasons() ? ["item", "reason"] : ["item"],
    };
  }

  function stop(): void {
    impressions?.stop();
    carousel?.stop();
    leaving?.disconnect();
  }

  /** Replaces what is shown and keeps its height, so that nothing below moves. */
  function show(content: HTMLElement, heightPx: number): void {
    stop();
    section = content;
    if (heightPx > 0) {
      if (isGrid()) content.style.minBlockSize = `${heightPx}px`;
      else content.style.blockSize = `${Math.max(CAROUSEL_PX_MIN, heightPx)}px`;
    }
    root.replaceChildren(content);
  }

  function frame(title: string | undefined, cards: readonly HTMLElement[], busy: boolean): HTMLElement {
    const heading = attribute("heading") ?? title;
    return el(
      "section",
      {
        class: isGrid() ? "grid" : "carousel",
        part: "root",
        "aria-label": heading ?? "Recommendations",
        "aria-busy": busy && "true",
      },
      heading !== undefined && el("h2", { part: "heading" }, heading),
      // Safari forgets that a list without bullets is one.
      el("ul", { role: "list", part: "list", "aria-hidden": busy && "true" }, ...cards),
    );
  }

  /** Empty cards, where the shop has no content of its own. */
  function showWaiting(): void {
    if (ownContent(host)) return;
    const cards = Array.from({ length: limit() }, () => emptyCard(reasons()));
    show(frame(undefined, cards, true), 0);
  }

  /** `isStale`: the last visit's, shown until this one's comes; it is not news and counts no impressions. */
  async function showItems(answer: Recommendations, isStale = false): Promise<void> {
    const mine = ++making;
    const { recommendationId, items } = answer;
    const placement = attribute("placement");
    const origin: Origin | undefined = recommendationId
      ? { recommendationId, ...(placement && { placement }) }
      : undefined;
    const template = templateOf(host);
    const price = prices(host, answer);
    const shown: { id: string; element: HTMLLIElement }[] = [];
    const children: HTMLElement[] = [];
    for (const [i, recommended] of items.entries()) {
      if (i % CARDS_PER_TASK === 0) await nextTask();
      const position = shown.length + 1;
      const onChoose = () => {
        if (origin) endcap.track("recommendation_click", { ...origin, items: [recommended.id], position });
      };
      const options = { price, reasons: reasons(), onChoose };
      const made = template && templateCard(template, recommended, position, options);
      const element = template ? made?.element : card(recommended, options);
      if (made) children.push(made.child);
      if (element) shown.push({ id: recommended.id, element });
    }
    await nextTask();
    if (mine !== making) return;
    removeCards(host);
    host.append(...children);
    if (!isStale)
      host.dispatchEvent(new CustomEvent("endcap:loaded", { bubbles: true, detail: { count: shown.length, answer } }));
    if (shown.length === 0) {
      showNothing();
      return;
    }

    const elements = shown.map(({ element }) => element);
    const content = frame(answer.title, elements, false);
    // Asked before there is anything new to lay out.
    const rtl = isRtl();
    show(content, size.height || host.getBoundingClientRect().height);
    animate(content, rtl);
    if (!origin || isStale) return;
    await nextTask();
    if (mine === making) {
      count(
        origin,
        elements,
        shown.map(({ id }) => id),
      );
    }
  }

  const isRtl = () => getComputedStyle(host).direction === "rtl";

  function animate(content: HTMLElement, rtl: boolean): void {
    if (host.hasAttribute("prefetch")) prefetchOnRest(content);
    const list = content.querySelector("ul");
    if (!list || isGrid()) return;
    const labels = { previous: attribute("previous") ?? "Previous", next: attribute("next") ?? "Next", rtl };
    carousel = carouselButtons(list, labels);
    content.append(...carousel.buttons);
  }

  function count(origin: Origin, elements: readonly Element[], ids: readonly string[]): void {
    impressions = watchImpressions(elements, (firstIndex, count) => {
      // `position` is that of the first; the others follow it.
      const items = ids.slice(firstIndex, firstIndex + count);
      endcap.track("recommendation_impression", { ...origin, items, position: firstIndex + 1 });
    });
  }

  /** What a server rendered is there already: it is brought to life, and nothing is asked. */
  function adopt(): boolean {
    const rendered = root.querySelector("section");
    const recommendationId = attribute("recommendation-id");
    const cards = [...root.querySelectorAll<HTMLElement>("li[data-id]")];
    if (!rendered || !recommendationId || !cards[0]) return false;
    section = rendered;
    asked = 1;
    const placement = attribute("placement");
    const origin = { recommendationId, ...(placement && { placement }) };
    const ids = cards.map(({ dataset }) => dataset.id ?? "");
    for (const [i, element] of cards.entries()) {
      const items = [ids[i] ?? ""];
      element.addEventListener("click", () => {
        endcap.track("recommendation_click", { ...origin, items, position: i + 1 });
      });
    }
    animate(rendered, isRtl());
    count(origin, cards, ids);
    return true;
  }

  /** Nothing to show: the shop's own content stays; without it the space closes once nobody can see it move. */
  function showNothing(): void {
    stop();
    if (ownContent(host)) {
      root.replaceChildren(el("slot"));
      return;
    }
    if (section) section.style.visibility = "hidden";
    leaving = new IntersectionObserver(([entry]) => {
      if (!entry || entry.isIntersecting || entry.boundingClientRect.top < 0) return;
      leaving?.disconnect();
      host.hidden = true;
      host.style.display = "none";
    });
    leaving.observe(host);
  }

  async function load(attempt = 0): Promise<void> {
    const mine = ++asked;
    waiting = true;
    const onStale = (answer: Recommendations) => mine === asked && void showItems(answer, true);
    const answer = await endcap.recommend({ ...request(), ...(host.hasAttribute("stale") && { onStale }) });
    if (mine !== asked) return;
    waiting = false;
    const waitMs = RETRY_MS[attempt];
    if (answer.recommendationId === undefined && waitMs !== undefined) {
      setTimeout(() => mine === asked && load(attempt + 1), waitMs);
    } else {
      await showItems(answer);
    }
  }

  /** Signed in or out. An answer that is on its way is told so by who asked for it. */
  const meet = (): void => {
    if (!waiting) void load();
  };

  // Attributes that change together, as in a render of a framework, ask once.
  const attributes = new MutationObserver(() => void load());

  /** Another one each time that the element comes into the document; none while it is not in it. */
  let life: object | undefined;

  /** Each part in a task of its own: together they would hold up a slow phone. */
  async function begin(): Promise<void> {
    const mine = {};
    life = mine;
    sizes.observe(host);
    addEventListener("resize", turn);
    await nextTask();
    if (life !== mine) return;
    const isFirst = asked === 0;
    if (isFirst) {
      attributes.observe(host, { attributeFilter: ATTRIBUTES });
      if (adopt()) return;
      const { style } = host;
      style.display ||= "block";
      // Without content of its own an element is nothing high.
      if (!ownContent(host)) style.minHeight ||= "var(--endcap-height, 22rem)";
    }
    addEventListener(SHOPPER_EVENT, meet);
    const made = making;
    void load();
    if (!isFirst) return;
    await nextTask();
    // Left, or a list is being made.
    if (life === mine && making === made) showWaiting();
  }

  return {
    connect() {
      if (!life) void begin();
    },
    disconnect() {
      // A move in the document reconnects at once and keeps everything.
      queueMicrotask(() => {
        if (host.isConnected) return;
        life = undefined;
        making++;
        removeEventListener(SHOPPER_EVENT, meet);
        removeEventListener("resize", turn);
        sizes.disconnect();
        stop();
      });
    },
  };
}
