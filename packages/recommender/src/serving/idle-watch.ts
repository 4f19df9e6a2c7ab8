import type { App } from "@endcap/service-kit";

/** Calls `tell` when no request of this scope was there for `idleMs`, and again after each `idleMs` that it stays so. */
export function watchIdle(app: App, idleMs: number, tell: () => void): void {
  let open = 0;
  let timer: NodeJS.Timeout;
  app.addHook("onRequest", (_request, reply, done) => {
    open += 1;
    // Once for each request, also for one whose caller goes away.
    reply.raw.once("close", () => {
      open -= 1;
      timer.refresh();
    });
    done();
  });
  timer = setInterval(() => {
    if (open === 0) tell();
  }, idleMs);
  timer.unref();
  app.addHook("onClose", async () => clearInterval(timer));
}
