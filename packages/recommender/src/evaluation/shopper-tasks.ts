import type { Event } from "@endcap/protocol";
import { interactionKind, PURCHASE, SESSION_IDLE_SECONDS } from "../model/index.ts";
import type { TestRow } from "./test-row.ts";

/** What one strategy or another is asked of a tenant's shoppers. */
export interface ShopperTasks {
  /** for_you: the next item of a running visit, from the visit and all before it. */
  readonly nextItem: TestRow[];
  /** for_you: everything that is bought in a visit, from all before that visit. */
  readonly nextBasket: TestRow[];
  /** bought_together: an item of a basket, from the rest of it. */
  readonly nextCart: TestRow[];
  /** related_items: the next item looked at, from the one before. */
  readonly relatedItems: TestRow[];
}

/** Of a basket, the items that are left out in turn: a large basket must not outvote many small ones. */
const leftOutMax = 3;

interface Step {
  readonly at: number;
  readonly kind: number;
  readonly ids: readonly string[];
  /** Place of its event among the shopper's. */
  readonly event: number;
}

/** Adds one shopper's rows to `tasks`: every step at or after `since` (Unix milliseconds). Visits and baskets are as in training. */
export function shopperTasks(unordered: readonly Event[], since: number, tasks: ShopperTasks): void {
  const events = unordered
    .filter(({ at }) => Number.isFinite(Date.parse(at)))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1));
  const before: string[] = [];
  for (const visit of visitsOf(events)) {
    if (visit[0]!.at >= since) {
      askNextItems(visit, events, tasks);
      askBaskets(visit, before, events, tasks);
    }
    for (const { ids } of visit) before.push(...ids);
  }
}

function* visitsOf(events: readonly Event[]): Generator<Step[]> {
  let visit: Step[] = [];
  for (const [place, event] of events.entries()) {
    const kind = interactionKind(event.type);
    const ids = [...new Set((event.items ?? []).map(({ id }) => id))];
    if (kind === undefined || ids.length === 0) continue;
    const at = Date.parse(event.at);
    const last = visit.at(-1);
    if (last !== undefined && at - last.at > SESSION_IDLE_SECONDS * 1000) {
      yield visit;
      visit = [];
    }
    visit.push({ at, kind, ids, event: place });
  }
  if (visit.length > 0) yield visit;
}

function askNextItems(visit: readonly Step[], events: readonly Event[], tasks: ShopperTasks): void {
  const prefix: string[] = [];
  for (const { at, kind, ids, event } of visit) {
    const last = prefix.at(-1);
    const [id] = ids;
    if (kind !== PURCHASE && ids.length === 1 && id !== undefined && last !== undefined && last !== id) {
      tasks.nextItem.push({ prefix: [...prefix], targets: [id], at: at / 1000, events, eventCount: event });
      tasks.relatedItems.push({ prefix: [last], targets: [id], at: at / 1000 });
    }
    for (const each of ids) if (prefix.at(-1) !== each) prefix.push(each);
  }
}

function askBaskets(
  visit: readonly Step[],
  before: readonly string[],
  events: readonly Event[],
  tasks: ShopperTasks,
): void {
  const bought = visit.filter(({ kind }) => kind === PURCHASE);
  const basket = [...new Set(bought.flatMap(({ ids }) => ids))];
  const [first] = bought;
  if (first === undefined) return;
  const at = first.at / 1000;
  if (before.length > 0) {
    tasks.nextBasket.push({ prefix: [...before], targets: basket, at, events, eventCount: visit[0]!.event });
  }
  if (basket.length < 2) return;
  const asked = Math.min(leftOutMax, basket.length);
  for (let n = 0; n < asked; n++) {
    const left = basket[Math.floor(((n + 0.5) * basket.length) / asked)]!;
    tasks.nextCart.push({ prefix: basket.filter((id) => id !== left), targets: [left], at });
  }
}
