/** The two buttons of a carousel. Scrolling itself is the browser's: touch, wheel, keyboard and focus all work without us. */
import { el } from "./dom.ts";

/** How much of the visible width a button moves: the last card stays as a landmark. */
const STEP = 0.8;
/** Sub-pixel scroll positions never reach the very end. */
const SLACK_PX = 2;

export interface CarouselButtons {
  readonly buttons: readonly HTMLButtonElement[];
  stop(): void;
}

interface CarouselOptions {
  readonly previous: string;
  readonly next: string;
  /** Which way the arrows point. */
  readonly rtl: boolean;
}

export function carouselButtons(list: HTMLElement, { rtl, ...labels }: CarouselOptions): CarouselButtons {
  const make = (name: "previous" | "next", sign: -1 | 1, path: string) => {
    const button = el(
      "button",
      { type: "button", class: name, part: `button ${name}`, "aria-label": labels[name] },
      path,
    );
    button.addEventListener("click", () => {
      const rtl = getComputedStyle(list).direction === "rtl" ? -1 : 1;
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      list.scrollBy({ left: sign * rtl * list.clientWidth * STEP, behavior: still ? "auto" : "smooth" });
    });
    return button;
  };
  const previous = make("previous", -1, rtl ? "›" : "‹");
  const next = make("next", 1, rtl ? "‹" : "›");

  const update = () => {
    // Negative in right-to-left pages.
    const left = Math.abs(list.scrollLeft);
    previous.disabled = left < SLACK_PX;
    next.disabled = left + list.clientWidth > list.scrollWidth - SLACK_PX;
  };
  list.addEventListener("scroll", update, { passive: true });
  // It also tells of the first layout, once the browser has made it: to ask for it here would make a long task of it.
  const resize = new ResizeObserver(update);
  resize.observe(list);
  return { buttons: [previous, next], stop: () => resize.disconnect() };
}
