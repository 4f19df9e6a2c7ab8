import { randomFillSync } from "node:crypto";
import { type Event, type Item, newAnonymousId, type Principal, type Scope, uuidV7 } from "@endcap/protocol";
import { tenantA } from "./collector.ts";

export const anonymousId = (): string => newAnonymousId(randomFillSync);
export const eventId = (at = Date.now()): string => uuidV7(at, randomFillSync);

/** A shop's server with these scopes. */
export function server(scope: Scope[] = ["events:write", "items:write"], more: Partial<Principal> = {}): Principal {
  return { tenant: tenantA, env: "live", tier: "standard", auth: "sk", key: "sk_live_test", scope, ...more };
}

/** A page that the gateway proved to speak for this shopper. */
export function browser(shopper: { anonymousId?: string; userId?: string }, more: Partial<Principal> = {}): Principal {
  return {
    tenant: tenantA,
    env: "live",
    tier: "standard",
    auth: "ec1",
    key: "pk_live_test",
    scope: [],
    ...shopper,
    ...more,
  };
}

export function view(item: string, more: Partial<Event> = {}): Event {
  const at = more.at === undefined ? Date.now() : Date.parse(more.at);
  return { id: eventId(at), type: "view_item", at: new Date(at).toISOString(), items: [{ id: item }], ...more };
}

export function batch(events: readonly unknown[], batchId: string | undefined = eventId()): string {
  return JSON.stringify({ batchId, events });
}

export function lamp(id: string, more: Partial<Item> = {}): Item {
  return {
    id,
    title: `Lamp ${id}`,
    url: `https://shop.example/${encodeURIComponent(id)}`,
    price: "19.90",
    currency: "EUR",
    availability: "in_stock",
    categories: [["Home", "Lamps"]],
    updatedAt: new Date().toISOString(),
    ...more,
  };
}
