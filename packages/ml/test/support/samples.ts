import { randomFillSync } from "node:crypto";
import {
  DEFAULT_PLACEMENTS,
  type Event,
  type FallbackList,
  type Item,
  newAnonymousId,
  type Principal,
  type SnapshotTenant,
  TIERS,
  uuidV7,
} from "@endcap/protocol";

export const tenantA = `tnt-${"a".repeat(16)}`;
export const tenantB = `tnt-${"b".repeat(16)}`;

export const anonymousId = (): string => newAnonymousId(randomFillSync);
export const uuid = (): string => uuidV7(Date.now(), randomFillSync);

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

export function server(scope: Principal["scope"] = ["recommendations:read"], more: Partial<Principal> = {}): Principal {
  return { tenant: tenantA, env: "live", tier: "standard", auth: "sk", key: "sk_live_test", scope, ...more };
}

export function view(item: string): Event {
  return { id: uuid(), type: "view_item", at: new Date().toISOString(), items: [{ id: item }] };
}

export function lamp(id: string, more: Partial<Item> = {}): Item {
  return {
    id,
    title: `Lamp ${id}`,
    url: `https://shop.example/${id}`,
    price: "19.90",
    currency: "EUR",
    availability: "in_stock",
    categories: [["Home", "Lamps"]],
    updatedAt: "2027-01-01T00:00:00Z",
    ...more,
  };
}

export function popular(items: Item[]): FallbackList {
  const model = { version: "m-1", trainedAt: "2027-01-01T00:00:00Z" };
  return { format: 1, publishedAt: "2027-01-01T00:00:00Z", model, items };
}

export function shop(id: string, more: Partial<SnapshotTenant> = {}): SnapshotTenant {
  return {
    id,
    slug: `shop-${id.at(-1)}`,
    tier: "standard",
    state: "active",
    limits: TIERS.standard.limits,
    origins: [],
    settings: { enabled: true, noBearer: false, noBootstrap: false, consent: "none", observeCatalogue: false },
    keys: [],
    routes: { collector: "collector", ml: "ml", recommender: "recommender-a" },
    placements: [...DEFAULT_PLACEMENTS],
    ...more,
  };
}
