import type { Item } from "@endcap/protocol";
import { seededRandom } from "../stack/small-shop.ts";

const words = 4_000;
const brands = 300;
/** Values of `attributes.shelf`: each holds a thousandth of the catalogue. */
export const shelves = 1_000;

/** A catalogue with titles, paths, brands, variants and attributes for the given ids, the same for the same seed. */
export function makeItems(ids: Iterable<string>, updatedAt: number, seed = 3): Item[] {
  const random = seededRandom(seed);
  const skewed = (n: number) => Math.floor(n * random() ** 2);
  const stamp = new Date(updatedAt).toISOString();
  let at = 0;
  return Array.from(ids, (id): Item => {
    const department = skewed(30);
    const title = Array.from({ length: 4 + skewed(4) }, () => `word${skewed(words)}`).join(" ");
    const n = at++;
    return {
      id,
      title,
      url: `/p/${encodeURIComponent(id)}`,
      imageUrl: `/images/${encodeURIComponent(id)}.jpg`,
      price: (2 + random() ** 3 * 400).toFixed(2),
      currency: "EUR",
      availability: random() < 0.03 ? "out_of_stock" : "in_stock",
      categories: [[`department ${department}`, `aisle ${department}-${skewed(25)}`]],
      brand: `brand ${skewed(brands)}`,
      ...(n % 5 === 0 && { groupId: `group-${Math.floor(n / 20)}` }),
      attributes: { shelf: n % shelves, colour: `colour ${skewed(12)}`, organic: random() < 0.1 },
      updatedAt: stamp,
    };
  });
}
