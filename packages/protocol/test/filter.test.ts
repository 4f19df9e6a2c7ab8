import { describe, expect, it } from "vitest";
import { compileFilter, EndcapError, type Item } from "../src/index.ts";

const item = (extra: Partial<Item> = {}): Item => ({
  id: "1",
  title: "Oak table",
  url: "/p/1",
  price: "129.50",
  currency: "EUR",
  availability: "in_stock",
  categories: [
    ["Furniture", "Tables"],
    ["Sale", "Oak"],
  ],
  updatedAt: "2026-11-01T00:00:00Z",
  attributes: { colour: "brown", legs: 4, tags: ["new", "oak"] },
  ...extra,
});

describe("filters match", () => {
  const yes: unknown[] = [
    {},
    { id: "1" },
    { price: { $lte: 129.5 } },
    { price: { $gt: "100" } },
    { price: { $in: ["129.5", 3] } },
    { categories: "Furniture" },
    { category: { $in: ["Oak"] } },
    { "attributes.colour": { $ne: "red" } },
    { "attributes.tags": "oak" },
    { "attributes.missing": { $exists: false } },
    { "attributes.missing": { $ne: 1 } },
    { brand: { $nin: ["Acme"] } },
    { $or: [{ brand: "Acme" }, { availability: "in_stock" }] },
    { $not: { brand: "Acme" } },
    { price: { $not: { $lt: 100 } } },
    { hidden: false },
    { id: ["1", "2"] },
  ];
  it.each(yes)("%j", (filter) => expect(compileFilter(filter)(item())).toBe(true));

  const no: unknown[] = [
    { brand: "Acme" },
    { brand: { $gt: "A" } },
    { price: { $lt: 129.5 } },
    { price: { $gt: "a" } },
    { "attributes.legs": "4" },
    { "attributes.missing": { $exists: true } },
    { category: "Furniture" },
    { $and: [{ id: "1" }, { hidden: true }] },
    { listPrice: { $lt: 1000 } },
    { "attributes.__proto__": { $exists: true } },
  ];
  it.each(no)("not %j", (filter) => expect(compileFilter(filter)(item())).toBe(false));
});

describe("filters are refused", () => {
  const nested = (depth: number): unknown => (depth === 0 ? { id: "1" } : { $and: [nested(depth - 1)] });
  const cases: [unknown, string, string][] = [
    [{ colour: "red" }, "filter_unknown_field", "/colour"],
    [{ constructor: "x" }, "filter_unknown_field", "/constructor"],
    [{ "a/b~": 1 }, "filter_unknown_field", "/a~1b~0"],
    [{ price: { $regex: ".*" } }, "filter_invalid", "/price/$regex"],
    [{ price: { toString: 1 } }, "filter_invalid", "/price/toString"],
    [{ $or: [] }, "filter_invalid", "/$or"],
    [{ price: {} }, "filter_invalid", "/price"],
    [{ price: null }, "filter_invalid", "/price"],
    [[], "filter_invalid", ""],
    [nested(5), "filter_invalid", "/$and/0/$and/0/$and/0/$and/0/$and/0"],
    [{ $and: Array.from({ length: 51 }, () => ({ id: "1" })) }, "filter_invalid", "/$and/50/id"],
  ];
  it.each(cases)("%j", (filter, code, pointer) => {
    try {
      compileFilter(filter);
    } catch (error) {
      if (!(error instanceof EndcapError)) throw error;
      expect([error.code, error.errors?.[0]?.pointer]).toEqual([code, pointer]);
      return;
    }
    throw new Error("the filter was accepted");
  });

  it("accepts exactly the bounds", () => {
    compileFilter(nested(4));
    compileFilter({ $and: Array.from({ length: 50 }, () => ({ id: "1" })) });
  });
});
