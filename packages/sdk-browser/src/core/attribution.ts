/** Which list an item was chosen from, so that its way to the cart and the till is credited to that list. */
import type { Event } from "@endcap/protocol";
import type { Store } from "../outbox/store.ts";

const CHOSEN_MAX = 50;

/** The event with the list that led to its first item which has one; a click is remembered. */
export function attribute(store: Store, event: Event): Event {
  const names = event.items?.map(({ id }) => `chosen ${id}`) ?? [];
  const { recommendationId } = event;
  if (recommendationId && event.type === "recommendation_click") {
    for (const old of store.names("chosen ").slice(CHOSEN_MAX)) store.remove(old);
    for (const name of names) store.set(name, recommendationId);
  }
  const led = recommendationId ?? names.map(store.get).find(Boolean);
  return led ? { ...event, recommendationId: led } : event;
}
