/** PUT /v1/items, GET and DELETE /v1/items/{id} of the fake. */
import { EndcapError, type Item, judgeItem, LIMITS, type PutItemsAnswer } from "@endcap/protocol";
import type { FakeStore } from "./store.ts";
import { asRecord } from "./values.ts";

/** @throws EndcapError `invalid_request` */
export function putItems(store: FakeStore, body: unknown, now: number): PutItemsAnswer {
  const { items } = asRecord(body);
  if (!Array.isArray(items) || items.length === 0 || items.length > LIMITS.itemsPerRequestMax) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "/items", code: "minItems" }] });
  }
  const rejected: PutItemsAnswer["rejected"] = [];
  let stored = 0;
  let stale = 0;
  for (const [index, raw] of (items as unknown[]).entries()) {
    const verdict = judgeItem(raw);
    if (verdict.ok) {
      if (store.upsert(verdict.value) === "stored") stored += 1;
      else stale += 1;
      continue;
    }
    const { id } = asRecord(raw);
    const { code, pointer } = verdict;
    rejected.push({
      index,
      ...(typeof id === "string" && pointer !== "/id" && { id }),
      code,
      ...(pointer !== undefined && { pointer }),
    });
  }
  return { stored, stale, rejected, serverTime: new Date(now).toISOString() };
}

/** @throws EndcapError `item_not_found` */
export function getItem(store: FakeStore, id: string): Item {
  const item = store.items.get(id);
  if (!item) throw new EndcapError("item_not_found");
  return item;
}

export const deleteItem = (store: FakeStore, id: string, now: number) => ({
  id,
  deleted: store.delete(id, now),
  serverTime: new Date(now).toISOString(),
});
