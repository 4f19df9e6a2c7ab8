import { judgeItem } from "@endcap/protocol";
import { describe, expect, test } from "vitest";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { generateProducts, kinds } from "../src/catalogue/generate.ts";
import { toItem } from "../src/catalogue/item.ts";
import { categories } from "../src/catalogue/taxonomy.ts";

const catalogue = Catalogue.seeded();
const { products, groups } = catalogue;

describe("the seeded range", () => {
  test("is the same for the same seed and another for another", () => {
    expect(generateProducts(1)).toEqual(products);
    expect(generateProducts(2)).not.toEqual(products);
  });

  test("has about 600 products in 12 categories, none of them bare", () => {
    expect(products.length).toBeGreaterThan(550);
    expect(products.length).toBeLessThan(700);
    expect(categories).toHaveLength(12);
    for (const { slug } of categories) expect(catalogue.shelf(slug).length, slug).toBeGreaterThan(14);
  });

  test("gives every product an id of its own and every model one maker, kind and shelf", () => {
    expect(new Set(products.map(({ id }) => id)).size).toBe(products.length);
    expect(new Set(products.map(({ title }) => title)).size).toBe(products.length);
    for (const { variants } of groups) {
      expect(
        new Set(variants.map(({ brandKey, kind, category }) => `${brandKey} ${kind.noun} ${category.slug}`)).size,
      ).toBe(1);
    }
  });

  test("has variants, offers, things sold out and things to come", () => {
    expect(groups.filter(({ variants }) => variants.length > 1).length).toBeGreaterThan(groups.length / 3);
    const count = (availability: string) => products.filter((product) => product.availability === availability).length;
    expect(count("out_of_stock")).toBeGreaterThan(10);
    expect(count("out_of_stock")).toBeLessThan(products.length / 10);
    expect(count("preorder")).toBeGreaterThan(0);
    const onOffer = products.filter(({ listPricePence }) => listPricePence !== undefined);
    expect(onOffer.length).toBeGreaterThan(30);
    for (const { pricePence, listPricePence } of onOffer) expect(pricePence).toBeLessThan(listPricePence ?? 0);
  });

  test("makes the models that each kind asks for", () => {
    for (const kind of kinds) {
      expect(
        groups.filter(({ face }) => face.kind === kind),
        kind.noun,
      ).toHaveLength(kind.models);
    }
  });

  test("is made of items that the protocol takes", () => {
    for (const product of products) {
      const item = toItem(product, "http://shop.example:7410", new Date(0));
      expect(judgeItem(item), item.id).toMatchObject({ ok: true });
    }
  });
});

describe("searching it", () => {
  test("finds by kind, maker, colour and any mix of them, whatever the case or number", () => {
    expect(catalogue.search("Lanterns").every(({ face }) => face.kind.noun === "lantern")).toBe(true);
    expect(catalogue.search("skarn tent").map(({ face }) => face.brand.name)).toContain("Skarn");
    expect(catalogue.search("heron").length).toBeGreaterThan(1);
    expect(catalogue.search("chef’s kni").length).toBeGreaterThan(0);
  });

  test("finds nothing for nothing", () => {
    expect(catalogue.search("")).toEqual([]);
    expect(catalogue.search("  ?! ")).toEqual([]);
    expect(catalogue.search("submarine")).toEqual([]);
  });
});
