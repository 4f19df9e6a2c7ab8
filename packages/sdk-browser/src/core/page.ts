/** The page's life: hidden, gone, back, online. `unload` and `beforeunload` would cost the back-forward cache. */

export function listenToPage(handOff: () => void, resume: () => void): void {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) handOff();
  });
  addEventListener("pagehide", handOff);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) resume();
  });
  addEventListener("online", resume);
}
