/** Whether this visitor lets us store and send anything. Before that nothing is read, stored or sent. */
import type { Options } from "./client.ts";

type Signals = Partial<Record<"globalPrivacyControl" | "doNotTrack", unknown>>;

export function createConsent({ consent, respect }: Options, decided: () => void) {
  let said: boolean | undefined;
  let google: boolean | undefined;
  let isAsked = consent === "required";

  return {
    /** `undefined` while the visitor has not been asked. */
    given(): boolean | undefined {
      const isRefused =
        (respect?.includes("gpc") && (navigator as Signals).globalPrivacyControl) ||
        (respect?.includes("dnt") && (navigator as Signals).doNotTrack === "1");
      return said ?? (isRefused ? false : (google ?? (isAsked ? undefined : true)));
    },

    /** The tenant wants it asked for, whatever the tag says. */
    ask(): void {
      isAsked = true;
    },

    /** The page says so, which outweighs everything. */
    say(given: boolean): void {
      said = given;
      decided();
    },

    /** Google Consent Mode: `default` denied waits for the visitor, `update` is the visitor's word. */
    hear(update: boolean, storage: unknown): void {
      if (!storage) return;
      const granted = storage === "granted";
      if (update) google = granted;
      else if (!granted) isAsked = true;
      decided();
    },
  };
}
