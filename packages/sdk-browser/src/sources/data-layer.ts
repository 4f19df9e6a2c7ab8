/** GA4's ecommerce events on `dataLayer`: what was pushed before we came, then live, in GTM's and in gtag's form. */
import type { EventType } from "@endcap/protocol";
import type { EventBase } from "@endcap/protocol/event-data";
import { currencyOf, first, idOf, itemOf, type Loose, numberOf } from "./values.ts";

const KNOWN =
  /^(view_(item(_list)?|cart)|select_item|search|add_(to_(wishlist|cart)|(payment|shipping)_info)|remove_from_cart|begin_checkout|purchase|refund)$/;
const ITEMS_MAX = 200;

/** Calls `take` with each entry, past and future. A faulty entry is the shop's own affair: it never stops the page's push. */
export function watchDataLayer(name: string, take: (entry: unknown) => void): void {
  const page = window as unknown as Record<string, unknown[]>;
  page[name] ??= [];
  const layer = page[name];
  const { push } = layer;
  layer.forEach(take);
  layer.push = (...entries) => {
    const length = push.apply(layer, entries);
    entries.forEach(take);
    return length;
  };
}

/** Reads one entry after another, as GTM does: `ecommerce` stays until it is pushed anew. */
export function createReader(
  record: (type: EventType, data: EventBase) => void,
  consent: (update: boolean, storage: unknown) => void,
): (entry: unknown) => void {
  let ecommerce: unknown;
  return (entry) => {
    if (!entry || typeof entry !== "object") return;
    let data = entry as Loose;
    let type = data.event;
    // gtag pushes its `arguments`.
    if ("length" in data) {
      const [command, name, parameters] = entry as unknown[];
      if (command === "consent") consent(name === "update", (parameters as Loose).analytics_storage);
      if (command !== "event") return;
      type = name;
      data = parameters as Loose;
    } else {
      if ("ecommerce" in data) ecommerce = data.ecommerce;
      data = { ...data, ...(ecommerce as Loose) };
    }
    if (!KNOWN.test(type as string)) return;
    const items = [data.items].flat().slice(0, ITEMS_MAX) as Loose[];
    const read = items.flatMap((item) => {
      const id = idOf(item?.item_id ?? item?.id ?? item);
      return id ? itemOf(id, item) : [];
    });
    const transactionId = idOf(data.transaction_id);
    const query = idOf(data.search_term);
    if (!read[0] && !transactionId && !query) return;
    record(type as EventType, {
      items: read,
      value: numberOf(data.value),
      currency: currencyOf(data.currency ?? first(items)?.currency),
      transactionId,
      query,
    });
  };
}
