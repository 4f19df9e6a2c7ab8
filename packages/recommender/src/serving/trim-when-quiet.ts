import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { App } from "@endcap/service-kit";

/**
 * Calls `forget` and collects the whole heap, once, when no request of this scope was there for `quietMs`. V8 collects when it needs room,
 * so that a process which nobody asks anything keeps what its last requests, or its start, left behind.
 */
export function trimWhenQuiet(app: App, quietMs: number, forget: () => void): void {
  // The one way to a collection without a flag on the command line of every process that runs this.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  let trimmed = false;
  const timer = setInterval(() => {
    if (trimmed) return;
    trimmed = true;
    forget();
    collect({ type: "major", flavor: "last-resort" });
  }, quietMs);
  timer.unref();
  app.addHook("onRequest", (_request, _reply, done) => {
    trimmed = false;
    timer.refresh();
    done();
  });
  app.addHook("onClose", async () => clearInterval(timer));
}
