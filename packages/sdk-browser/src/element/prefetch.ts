/** Fetches a product's page a moment before it is clicked: on a pointer that rests on its link, or the keyboard's focus. */
import { el } from "./dom.ts";

/** A pointer that only passes by is gone by then. */
const REST_MS = 65;
const PREFETCHES_MAX = 10;

interface Connection {
  readonly saveData?: boolean;
}

const fetched = new Set<string>();

function prefetch({ href, origin }: HTMLAnchorElement): void {
  const { connection } = navigator as { connection?: Connection };
  if (origin !== location.origin || fetched.has(href) || fetched.size >= PREFETCHES_MAX || connection?.saveData) return;
  fetched.add(href);
  document.head.append(el("link", { rel: "prefetch", href }));
}

/** `root` is what the links are in. */
export function prefetchOnRest(root: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout>;
  const rest = ({ target }: Event): void => {
    clearTimeout(timer);
    const link = target instanceof Element && target.closest("a");
    if (link) timer = setTimeout(prefetch, REST_MS, link);
  };
  root.addEventListener("pointerover", rest);
  root.addEventListener("focusin", rest);
  root.addEventListener("pointerleave", () => clearTimeout(timer));
}
