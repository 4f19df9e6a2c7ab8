/** Which list an item was chosen from, so that its way to the cart and the till is credited to that list. */
import type { Event } from "@endcap/protocol";
import type { Store } from "../outbox/store.ts";

export const CHOSEN = "chosen ";

/** The event with the list that led to its first item which has one; a click is remembered. */
export function attribute(store: Store, event: Event): Event {
  const ids = event.items?.map(({ id }) => id) ?? [];
  const { recommendationId } = event;
  if (recommendationId && event.type === "recommendation_click") {
    for (const id of ids) store.keep(CHOSEN, id, recommendationId);
  }
  const led = recommendationId ?? ids.map((id) => store.get(CHOSEN + id)).find(Boolean);
  return led ? { ...event, recommendationId: led } : event;
}
