import { expect, test } from "vitest";
import { drawingNames, productSvg } from "../src/art/product-art.ts";
import { sceneSvg } from "../src/art/scene.ts";
import { Catalogue } from "../src/catalogue/catalogue.ts";

const { products } = Catalogue.seeded();

test("every drawing is sold as something", () => {
  const sold = new Set(products.map(({ picture }) => picture.drawing));
  expect([...sold].toSorted()).toEqual(drawingNames.toSorted());
});

test("every picture is well-formed, without a hole in its numbers", () => {
  for (const { picture, title } of products) expectWellFormed(productSvg(picture, title));
  expectWellFormed(sceneSvg());
});

test("colours and sizes of a model look different", () => {
  for (const [, variants] of Map.groupBy(products, ({ groupId }) => groupId)) {
    const pictures = new Set(variants.map(({ picture }) => productSvg(picture, "")));
    const looks = new Set(variants.map(({ colour, size }) => `${colour} ${size?.scale}`));
    expect(pictures.size).toBe(looks.size);
  }
});

test("a title cannot break out of its picture", () => {
  const [product] = products;
  if (product === undefined) throw new Error("no products");
  expect(productSvg(product.picture, `"><script>`)).not.toContain("<script>");
});

/** Tags close in the order they opened, and no coordinate became NaN or undefined. */
function expectWellFormed(svg: string): void {
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  const open: string[] = [];
  for (const [, close, name, selfClosed] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!selfClosed) open.push(name ?? "");
  }
  expect(open).toEqual([]);
}
