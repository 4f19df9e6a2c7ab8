/** What a page seldom needs: the events of killed pages, and batches that were frozen by a wrong clock. */

import type { Context } from "../core/context.ts";
import type { Sessions } from "../session/session.ts";
import type { Outbox } from "./outbox.ts";
import { looseOwner } from "./outbox.ts";
import { eventsOf } from "./read.ts";

/** Loose events of a tab that has not written for this long belong to a page that was killed. */
const ORPHAN_MS = 10_000;

/**
 * Takes over what killed pages left loose; false when some may still be another tab's. Events that were frozen as well
 * count once, by their ids.
 */
export function adopt({ store, now }: Context, outbox: Outbox, names: readonly string[]): boolean {
  let all = true;
  for (const name of names) {
    const [time = "", ...rest] = (store.get(name) ?? "").split(" ");
    if (now() - Number(time) < ORPHAN_MS) {
      all = false;
      continue;
    }
    store.remove(name);
    const events = rest.join(" ").slice(1, -1);
    if (events) outbox.put(events, looseOwner(name));
  }
  return all;
}

/**
 * Makes a batch of a wrong clock right: nothing of it was stored, so it may change. False when the clock it was frozen by
 * was right after all.
 */
export function mend(sessions: Sessions, outbox: Outbox, name: string): boolean {
  const { skewMs, anonymousId } = outbox.facts(name);
  const shiftMs = sessions.skewMs() - skewMs;
  const moved = eventsOf(outbox, name).map((event) =>
    JSON.stringify({ ...event, at: new Date(Date.parse(event.at) + shiftMs).toISOString() }),
  );
  if (shiftMs === 0 || moved.length === 0) return false;
  outbox.drop(name);
  outbox.put(moved.join(), anonymousId);
  return true;
}
