/** Which list an item was chosen from, so that its way to the cart and the till is credited to that list. */
import type { Event } from "@endcap/protocol";
import type { Store } from "../outbox/store.ts";
import { attempt } from "./attempt.ts";

const CHOSEN_MAX = 50;

export function createAttribution(store: Store) {
  const read = (): [itemId: string, recommendationId: string][] =>
    attempt(() => JSON.parse(store.get("chosen") ?? "[]")) ?? [];

  return (event: Event): Event => {
    const ids = event.items?.map(({ id }) => id) ?? [];
    if (event.recommendationId) {
      if (event.type === "recommendation_click") {
        const others = read().filter(([id]) => !ids.includes(id));
        const added = ids.map((id) => [id, event.recommendationId]);
        store.set("chosen", JSON.stringify([...others, ...added].slice(-CHOSEN_MAX)));
      }
      return event;
    }
    const chosen = ids.length > 0 && read().find(([id]) => ids.includes(id));
    return chosen ? { ...event, recommendationId: chosen[1] } : event;
  };
}
