import type { Filter, Item, ItemPredicate } from "@endcap/protocol";
import { expect, it } from "vitest";
import { PackedItems } from "../../src/catalogue/packed-items.ts";
import { FilterView } from "../../src/serving/filter-view.ts";
import { filterOf, noneOf } from "../../src/serving/filters.ts";
import { ItemColumns } from "../../src/serving/item-columns.ts";
import { item } from "../support/shop.ts";

const itemCount = 5_000;

function catalogue(): PackedItems {
  const items = new PackedItems();
  for (let n = 0; n < itemCount; n++) items.put(n, n % 11 === 0 ? undefined : itemNumbered(n));
  return items;
}

function itemNumbered(n: number): Item {
  return item(`${n}`, {
    price: `${n % 700}.50`,
    ...(n % 3 > 0 && { brand: `brand ${n % 40}` }),
    categories: n % 2 === 0 ? [["a", `aisle ${n % 7}`]] : [["b"], ["a", "sale"]],
    attributes: { shelf: n % 100, tags: n % 5 === 0 ? ["new", `t${n % 9}`] : [], organic: n % 4 === 0 },
  });
}

const slotsOf = (items: PackedItems): number[] => Array.from({ length: items.length }, (_, slot) => slot);

async function matchingOf(columns: ItemColumns, filter: Filter): Promise<number[]> {
  for (;;) {
    const found = columns.matching(filterOf(filter).node);
    if (found !== undefined) return [...found];
    await new Promise(setImmediate);
  }
}

function kept(items: PackedItems, matches: ItemPredicate): number[] {
  return slotsOf(items).filter((slot) => {
    const each = items.at(slot);
    return each !== undefined && matches(each);
  });
}

const oneByOne = (items: PackedItems, filter: Filter): number[] => kept(items, filterOf(filter).matches);

const filters: Filter[] = [
  {},
  { "attributes.shelf": 7 },
  { "attributes.shelf": 7, price: { $gte: 100 } },
  { price: { $lt: "3.00" } },
  { brand: { $in: ["brand 1", "brand 2"] } },
  { brand: { $ne: "brand 1" } },
  { brand: { $exists: false } },
  { categories: "aisle 3" },
  { category: { $nin: ["sale", "aisle 2"] } },
  { "attributes.tags": ["new", "t3"] },
  { $or: [{ brand: "brand 5" }, { "attributes.shelf": { $lt: 3 } }, { $not: { categories: "a" } }] },
  { $not: { $or: [{ "attributes.organic": true }, { price: { $gt: 20 } }] } },
  { $and: [{ $or: [{ id: "17" }, { id: ["19", "22"] }] }, { price: { $not: { $gt: 18.6 } } }] },
];

it.each(filters)("columns say of every item what the filter says: %j", async (filter) => {
  const items = catalogue();
  const columns = new ItemColumns(items);
  const found = await matchingOf(columns, filter);
  expect(found).toEqual(oneByOne(items, filter));
});

it("follows items that change, appear and go, also while a column is being made", async () => {
  const items = catalogue();
  const columns = new ItemColumns(items);
  const filter = { "attributes.shelf": 7, brand: { $exists: true } };
  const change = (index: number, to: Item | undefined) => {
    items.put(index, to);
    columns.change(index, to);
  };
  columns.matching(filterOf(filter).node);
  change(4_999, item("4999", { brand: "other", attributes: { shelf: 7 } }));
  await matchingOf(columns, filter);
  change(0, item("0", { brand: "fresh", attributes: { shelf: 7 } }));
  change(7, undefined);
  change(107, item("107", { attributes: { shelf: 8 } }));
  const found = await matchingOf(columns, filter);
  expect(found).toEqual(oneByOne(items, filter));
  expect(found).toEqual(expect.arrayContaining([0, 4_999]));
});

it("stays bounded when every price is a new one", async () => {
  const items = catalogue();
  const columns = new ItemColumns(items);
  const filter = { price: { $gte: 1_000_000 } };
  await matchingOf(columns, filter);
  for (let n = 0; n < 4 * itemCount; n++) {
    const index = n % itemCount;
    const repriced = item(`${index}`, { price: `${1_000 + n}.00` });
    items.put(index, repriced);
    columns.change(index, repriced);
  }
  // Its values were dropped on the way, and it is made anew.
  expect(columns.matching(filterOf(filter).node)).toBeUndefined();
  expect(await matchingOf(columns, { price: { $gte: 20_000 } })).toEqual(oneByOne(items, { price: { $gte: 20_000 } }));
});

it("a view says the same one by one and all at once, and forgets what has changed", async () => {
  const items = catalogue();
  const columns = new ItemColumns(items);
  const filter = noneOf([filterOf({ "attributes.shelf": { $gt: 0 } })]);
  const accepted = (view: FilterView) => slotsOf(items).filter((slot) => view.accepts(slot));
  const expected = kept(items, filter.matches);
  expect(accepted(new FilterView(items, columns, filter))).toEqual(expected);
  await matchingOf(columns, { "attributes.shelf": 0 });
  const view = new FilterView(items, columns, filter);
  expect(accepted(view)).toEqual(expected);
  const moved = item("100", { attributes: { shelf: 5 } });
  items.put(100, moved);
  view.change(100, moved);
  expect(view.accepts(100)).toBe(false);
});

it("a view knows all of the few items of a narrow filter, also as they change", async () => {
  const items = catalogue();
  const columns = new ItemColumns(items);
  const filter = filterOf({ "attributes.shelf": 7 });
  await matchingOf(columns, { "attributes.shelf": 7 });
  const view = new FilterView(items, columns, filter);
  const few = () => [...(view.few ?? [])].sort((a, b) => a - b);
  expect(view.few).toBeUndefined();
  for (let n = 0; n < 300; n++) view.accepts(n);
  expect(few()).toEqual(oneByOne(items, { "attributes.shelf": 7 }));
  const change = (slot: number, to: Item | undefined) => {
    items.put(slot, to);
    columns.change(slot, to);
    view.change(slot, to);
  };
  change(7, undefined);
  change(1, item("1", { attributes: { shelf: 7 } }));
  change(2, item("2", { attributes: { shelf: 8 } }));
  change(itemCount, item("new", { attributes: { shelf: 7 } }));
  expect(few()).toEqual(oneByOne(items, { "attributes.shelf": 7 }));
  expect(view.accepts(itemCount)).toBe(true);
  expect(view.accepts(7)).toBe(false);
});
