/** Page views: the document's, and those of a single-page shop. */

/** Long enough for the page, its tag manager and its framework to have said what they know. */
const SETTLED_MS = 1000;

/**
 * Calls `settled` some time after each page view has begun, `left` when the next one does. Resolves to a look at the
 * address, for browsers that do not tell when it changes: nothing of the page's is patched for them.
 */
export function watchPageViews(left: () => void, settled: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let href = location.href;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(settled, SETTLED_MS);
  };
  const look = () => {
    if (href === location.href) return;
    href = location.href;
    left();
    settle();
  };
  (window as Partial<Window>).navigation?.addEventListener("navigatesuccess", look);
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle);
  return look;
}
