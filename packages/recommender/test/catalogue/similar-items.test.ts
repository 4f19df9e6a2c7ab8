import type { Item } from "@endcap/protocol";
import { expect, it } from "vitest";
import { Catalogue } from "../../src/catalogue/catalogue.ts";
import { SimilarItems } from "../../src/catalogue/similar-items.ts";
import { item, TestShop } from "../support/shop.ts";

const later = () => new Date().toISOString();

async function shopOf(...items: Item[]) {
  const shop = await TestShop.open();
  await shop.table.catalogue.upsert(items);
  const catalogue = new Catalogue(shop.table.catalogue, Date.now);
  await catalogue.refresh();
  const similar = new SimilarItems(catalogue);
  const like = (id: string, limit = 10) =>
    similar.similarTo([catalogue.slotOf(id)], limit, () => true).map(({ slot }) => catalogue.idAt(slot));
  return { shop, catalogue, similar, like };
}

const flat = (id: string, title: string, extra: Partial<Item> = {}) =>
  item(id, { title, categories: [["Home"]], ...extra });

it("rare words of a title say more than common ones", async () => {
  const { like } = await shopOf(
    flat("a", "Cast iron teapot blue"),
    flat("b", "Glass teapot"),
    flat("c", "Glass bowl blue"),
    flat("d", "Glass vase blue"),
    flat("e", "Glass plate blue"),
  );
  expect(like("a")[0]).toBe("b");
});

it("brand and price band decide between equals, a price that is no number breaks nothing", async () => {
  const { like } = await shopOf(
    flat("a", "Lamp", { brand: "Lux", price: "50.00" }),
    flat("far", "Lamp", { price: "900.00" }),
    flat("near", "Lamp", { price: "55.00" }),
    flat("brand", "Lamp", { brand: "Lux", price: "48.00" }),
    flat("odd", "Lamp", { price: "NaN" }),
  );
  expect(like("a")).toEqual(["brand", "near", "far", "odd"]);
});

it("follows the catalogue item by item: new titles, deletions, sold-out items", async () => {
  const { shop, catalogue, like } = await shopOf(flat("a", "Oak desk"), flat("b", "Oak chair"), flat("c", "Tin mug"));
  expect(like("a")[0]).toBe("b");
  await shop.table.catalogue.upsert([
    flat("b", "Tin can", { updatedAt: later() }),
    flat("c", "Oak desk lamp", { updatedAt: later() }),
  ]);
  await catalogue.refresh();
  expect(like("a")[0]).toBe("c");
  await shop.table.catalogue.upsert([flat("c", "Oak desk lamp", { availability: "out_of_stock", updatedAt: later() })]);
  await catalogue.refresh();
  expect(like("a")).toEqual(["b"]);
  await shop.table.catalogue.delete(["b"], Date.now() + 1);
  await catalogue.refresh();
  expect(like("a")).toEqual([]);
});

it("variants of the seed are not similar to it, they are it", async () => {
  const { like } = await shopOf(
    flat("a", "Shirt red", { groupId: "shirt" }),
    flat("b", "Shirt blue", { groupId: "shirt" }),
    flat("c", "Shirt striped"),
  );
  expect(like("a")).toEqual(["c"]);
});

it("a word that 20,000 items share costs no more than a bounded walk", async () => {
  const many = Array.from({ length: 20_000 }, (_, n) => flat(`i${n}`, `Poster number ${n}`));
  const { catalogue, similar } = await shopOf(...many);
  const seeds = Array.from({ length: 50 }, (_, n) => catalogue.slotOf(`i${n * 17}`));
  const startedAt = performance.now();
  for (const seed of seeds) expect(similar.similarTo([seed], 12, () => true)).toHaveLength(12);
  expect((performance.now() - startedAt) / seeds.length).toBeLessThan(50);
});
