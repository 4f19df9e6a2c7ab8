/** The page's life: hidden, gone, back, online. `unload` and `beforeunload` would cost the back-forward cache. */

export function listenToPage(handOff: () => void, resume: () => void): void {
  // Without a document (a worker, a server render) there is no page to leave.
  if (typeof document === "undefined") return;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") handOff();
  });
  addEventListener("pagehide", handOff);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) resume();
  });
  addEventListener("online", resume);
}
