/**
 * One fact, one event, however many sources tell it: the page's own calls, its dataLayer, its JSON-LD. The nth time that
 * one source says something is the nth time that another does. What only describes the page is said once a page, and a
 * transaction once, however often its page is loaded.
 */
import type { EventType } from "@endcap/protocol";
import type { EventBase } from "@endcap/protocol/event-data";
import type { Store } from "../outbox/store.ts";

const DESCRIBES_PAGE = /^(view_|search|begin|custom)/;
const FACTS_MAX = 1000;
const SOLD = "sold ";

/** Who says it; the page's own calls, which win, have no name. */
export type Source = "" | "dataLayer" | "JSON-LD";

export function createFacts(store: Store) {
  const ids = new Map<string, string>();
  const counts = new Map<string, number>();
  let itemInView: string | undefined;

  function forget(): void {
    ids.clear();
    counts.clear();
    itemInView = undefined;
  }

  return {
    /** The item that this page view is about, as far as anybody said. */
    itemInView: () => itemInView,

    /** Another page view, in a single-page shop. */
    forget,

    /** The id of the event that tells this fact: `made`, or an earlier one. `undefined` when it need not be told again. */
    tell(type: EventType, { items = [], transactionId }: EventBase, source: Source, made: string): string | undefined {
      const itemIds = items.map((item) => (typeof item === "string" ? item : item.id));
      const told = `${type} ${transactionId ?? itemIds}`;
      const nth = counts.get(source + told) ?? 0;
      if (!source || !DESCRIBES_PAGE.test(type)) counts.set(source + told, nth + 1);
      const sold = type === "purchase" && transactionId;
      const known = sold ? store.get(SOLD + sold) : ids.get(nth + told);
      const isView = type === "view_item";
      if (source && (known || (source === "JSON-LD" && isView && itemInView))) return undefined;
      if (ids.size > FACTS_MAX) forget();
      if (isView) itemInView = itemIds[0];
      const id = known ?? made;
      if (sold) store.keep(SOLD, sold, id);
      else ids.set(nth + told, id);
      return id;
    },
  };
}
