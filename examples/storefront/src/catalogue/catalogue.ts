import { generateProducts, type Product } from "./generate.ts";
import { searchWords } from "./search.ts";
import { type CategorySlug, categories } from "./taxonomy.ts";

/** A model with its variants; the first in stock stands for it on shelves. */
export interface Group {
  id: string;
  variants: readonly Product[];
  face: Product;
}

/** The range with the lookups that pages need. Built once, read only. */
export class Catalogue {
  readonly products: readonly Product[];
  readonly groups: readonly Group[];
  readonly #byId: ReadonlyMap<string, Product>;
  readonly #groupById: ReadonlyMap<string, Group>;
  readonly #shelves: ReadonlyMap<CategorySlug, readonly Group[]>;
  readonly #words: ReadonlyMap<string, readonly string[]>;

  constructor(products: readonly Product[]) {
    this.products = products;
    this.#byId = new Map(products.map((product) => [product.id, product]));
    this.groups = [...Map.groupBy(products, ({ groupId }) => groupId)].map(([id, variants]) => ({
      id,
      variants,
      face: variants.find(({ availability }) => availability === "in_stock") ?? (variants[0] as Product),
    }));
    this.#groupById = new Map(this.groups.map((group) => [group.id, group]));
    this.#shelves = new Map(
      categories.map(({ slug }) => [slug, this.groups.filter(({ face }) => face.category.slug === slug)]),
    );
    this.#words = new Map(
      this.groups.map(({ id, variants }) => [
        id,
        variants.flatMap(({ title, brand, category, kind, colour }) =>
          searchWords(`${title} ${brand.name} ${category.name} ${kind.shelf} ${colour}`),
        ),
      ]),
    );
  }

  static seeded(seed = 1): Catalogue {
    return new Catalogue(generateProducts(seed));
  }

  product(id: string): Product | undefined {
    return this.#byId.get(id);
  }

  group(id: string): Group | undefined {
    return this.#groupById.get(id);
  }

  shelf(slug: CategorySlug): readonly Group[] {
    return this.#shelves.get(slug) ?? [];
  }

  /** Models whose words all begin with the query's words, in shelf order. */
  search(query: string): readonly Group[] {
    const wanted = searchWords(query);
    if (wanted.length === 0) return [];
    return this.groups.filter(({ id }) => {
      const words = this.#words.get(id) ?? [];
      return wanted.every((start) => words.some((word) => word.startsWith(start)));
    });
  }
}

/** The first model of each kind, so that a short row shows the breadth of a long list. */
export function oneOfEachKind(groups: readonly Group[]): Group[] {
  const kinds = new Set<unknown>();
  return groups.filter(({ face }) => !kinds.has(face.kind) && kinds.add(face.kind));
}
