/** Which cards were really seen: half of a card, for one second, on a visible page (the MRC's rule for display). */

const RATIO = 0.5;
const SEEN_MS = 1000;
/** Cards that came into view together are told together, though their timers fire one by one. */
const GATHER_MS = 100;

export interface Impressions {
  stop(): void;
}

/** Calls `report` with runs of neighbouring cards, first index and count, each card once. */
export function watchImpressions(
  cards: readonly Element[],
  report: (firstIndex: number, count: number) => void,
): Impressions {
  const timers = new Map<Element, ReturnType<typeof setTimeout>>();
  const unseen = new Set(cards);
  let fresh: number[] = [];

  function tell(): void {
    const indices = fresh.sort((a, b) => a - b);
    fresh = [];
    for (let start = 0, i = 1; i <= indices.length; i++) {
      if (indices[i] === (indices[i - 1] as number) + 1) continue;
      report(indices[start] as number, i - start);
      start = i;
    }
  }

  function seen(element: Element): void {
    timers.delete(element);
    unseen.delete(element);
    observer.unobserve(element);
    if (fresh.push(cards.indexOf(element)) === 1) setTimeout(tell, GATHER_MS);
  }

  function pause(element: Element): void {
    clearTimeout(timers.get(element));
    timers.delete(element);
  }

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        pause(target);
        if (intersectionRatio >= RATIO && document.visibilityState === "visible") {
          timers.set(target, setTimeout(seen, SEEN_MS, target));
        }
      }
    },
    { threshold: RATIO },
  );

  function watch(): void {
    for (const element of unseen) {
      pause(element);
      // Observing anew reports where the card is now.
      observer.unobserve(element);
      observer.observe(element);
    }
  }

  watch();
  document.addEventListener("visibilitychange", watch);
  return {
    stop() {
      document.removeEventListener("visibilitychange", watch);
      observer.disconnect();
      for (const element of [...timers.keys()]) pause(element);
    },
  };
}
