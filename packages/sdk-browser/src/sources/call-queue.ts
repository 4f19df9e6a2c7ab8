/** Calls that the page made before the SDK was there: `endcap.q.push(["track", "view_item", {…}])`. */
import type { Endcap } from "../core/client.ts";

type Call = { [Name in keyof Endcap]: [name: Name, ...args: Parameters<Endcap[Name]>] }[keyof Endcap];

/** Makes the calls that wait in `queued`, in order, and any that are pushed later. */
export function callQueue(endcap: Endcap, queued: readonly Call[]): { push(...calls: Call[]): void } {
  const push = (...calls: Call[]): void => {
    for (const [name, ...args] of calls) {
      const call: unknown = endcap[name];
      if (typeof call === "function") call(...args);
    }
  };
  push(...queued);
  return { push };
}
