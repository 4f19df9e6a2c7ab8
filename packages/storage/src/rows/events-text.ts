/**
 * A batch's events as text: their JSON without the shopper, which the row's key names already. `[…]` when nobody is more
 * than the key says, `{"s": shopper, "e": […]}` when all of them share a fuller shopper; one that differs keeps its own.
 */
import type { Event, Shopper } from "@endcap/protocol";
import type { ShopperKey } from "../ports/shopper.ts";

type BareEvent = Omit<Event, "shopper"> & { shopper?: Shopper };

const plain = ({ kind, id }: ShopperKey): Shopper => (kind === "user" ? { userId: id } : { anonymousId: id });

const same = (a: Shopper, b: Shopper): boolean => a.anonymousId === b.anonymousId && a.userId === b.userId;

export function encodeEvents(key: ShopperKey, events: readonly Event[]): string {
  const first = events[0]?.shopper;
  const implied = plain(key);
  const shared = first && !same(first, implied) ? first : implied;
  const bare = events.map((event) => {
    if (event.shopper && !same(event.shopper, shared)) return event;
    const { shopper: _, ...rest } = event;
    return rest;
  });
  return shared === implied ? JSON.stringify(bare) : JSON.stringify({ s: shared, e: bare });
}

/** Every event comes back with a shopper. They share one object: do not change it. */
export function decodeEvents(key: ShopperKey, text: string): Event[] {
  const parsed = JSON.parse(text) as BareEvent[] | { s: Shopper; e: BareEvent[] };
  const shared = Array.isArray(parsed) ? plain(key) : parsed.s;
  const events = Array.isArray(parsed) ? parsed : parsed.e;
  for (const event of events) event.shopper ??= shared;
  return events;
}

/** Unix milliseconds of the newest event; 0 when there is none. */
export function newestAtOf(events: readonly Event[]): number {
  let newest = 0;
  for (const event of events) newest = Math.max(newest, Date.parse(event.at));
  return newest;
}
