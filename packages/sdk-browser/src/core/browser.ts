/** The browser we run in. Each part may be missing or refused. */
import { attempt } from "./attempt.ts";
import type { Platform } from "./client.ts";

export function browserPlatform(): Platform {
  return {
    storage: () => attempt(() => localStorage),
    locks: attempt(() => navigator.locks),
    now: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(bytes),
  };
}
