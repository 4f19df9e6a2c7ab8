import type { Event } from "@endcap/protocol";
import type { TableRow } from "@endcap/storage";
import { expect, it } from "vitest";
import { readTenantHistory } from "../../src/evaluation/tenant-history.ts";
import { event, item } from "../support/shop.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const day = 86_400_000;
const minute = 60_000;

function rowOf(kind: "user" | "anonymous", id: string, ...events: Event[]): TableRow {
  const batch = { batchId: events[0]?.id ?? "", digest: new Uint8Array(32), receivedAt: start, expiresAt: undefined };
  return { kind: "events", shopper: { kind, id }, ...batch, events };
}

const twice = event("view_item", start + 9 * day, "a");
const rows: TableRow[] = [
  { kind: "item", item: item("never-seen") },
  { kind: "link", anonymousId: "phone", userId: "anna", at: start },
  rowOf("anonymous", "phone", event("view_item", start, "a"), event("purchase", start + minute, "a", "b")),
  rowOf("user", "anna", twice, event("view_item", start + 9 * day + minute, "c")),
  rowOf("user", "anna", twice, event("purchase", start + 9 * day + 2 * minute, "c", "d", "a")),
  rowOf("user", "ben", event("view_item", start + day, "a"), event("view_item", start + 10 * day, "a")),
];

async function* empty(): AsyncGenerator<TableRow> {
  yield* [];
}

async function* stream(): AsyncGenerator<TableRow> {
  yield* rows;
}

it("trains on what was before, asks for what came after, and takes linked shoppers as one", async () => {
  const history = await readTenantHistory(stream, 2 * day);
  expect(history.since).toBe(start + 8 * day);
  // a and then b of anna's first visit, and ben's a
  expect(history.log.items).toHaveLength(3);
  expect(history.log.itemIds).toContain("never-seen");
  expect(history.catalogue.map(({ id }) => id)).toEqual(["never-seen"]);

  expect(history.nextItem.map(({ prefix, targets }) => ({ prefix, targets }))).toEqual([
    { prefix: ["a"], targets: ["c"] },
  ]);
  expect(history.relatedItems.map(({ prefix, targets }) => ({ prefix, targets }))).toEqual([
    { prefix: ["a"], targets: ["c"] },
  ]);
  const [basket] = history.nextBasket;
  expect(history.nextBasket).toHaveLength(1);
  expect(basket).toMatchObject({ prefix: ["a", "a", "b"], targets: ["c", "d", "a"] });
  // of her events those of the first visit alone: nothing of the visit in which she bought
  expect(basket?.events?.slice(0, basket.eventCount).map(({ type }) => type)).toEqual(["view_item", "purchase"]);
  expect(history.nextCart.map(({ prefix, targets }) => [prefix, targets])).toEqual([
    [["d", "a"], ["c"]],
    [["c", "a"], ["d"]],
    [["c", "d"], ["a"]],
  ]);
});

it("holds out the last tenth by itself, and says when there is nothing", async () => {
  const { since, until } = await readTenantHistory(stream, undefined);
  expect(until - since).toBe(day);
  await expect(readTenantHistory(empty, undefined)).rejects.toThrow("no view, cart or purchase");
});
