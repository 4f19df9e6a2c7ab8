import type { Colourway } from "../art/colour.ts";
import type { Picture } from "../art/product-art.ts";
import { Random } from "../random.ts";
import { type Brand, type BrandKey, brands } from "./brands.ts";
import { campKinds } from "./camp-kinds.ts";
import { gardenKinds } from "./garden-kinds.ts";
import type { Kind, Size } from "./kind.ts";
import { kitchenKinds } from "./kitchen-kinds.ts";
import { type Category, categories, departments } from "./taxonomy.ts";

export const kinds: readonly Kind[] = [...campKinds, ...kitchenKinds, ...gardenKinds];

export type Availability = "in_stock" | "out_of_stock" | "preorder";

/** One sellable thing: a model in one colour and size. Variants of a model share `groupId`. */
export interface Product {
  id: string;
  groupId: string;
  title: string;
  /** The title without colour and size. */
  modelTitle: string;
  kind: Kind;
  category: Category;
  brandKey: BrandKey;
  brand: Brand;
  series: string;
  colour: Colourway;
  size: Size | undefined;
  material: string;
  description: string;
  pricePence: number;
  listPricePence: number | undefined;
  availability: Availability;
  /** New in the shop this season. */
  fresh: boolean;
  picture: Picture;
}

/** The whole range, in a stable order: by kind, then model, then colour, then size. */
export function generateProducts(seed = 1): Product[] {
  const random = new Random(`catalogue/${seed}`);
  return kinds.flatMap((kind) => generateKind(kind, random.fork(kind.drawing)));
}

function generateKind(kind: Kind, random: Random): Product[] {
  const colours = random.shuffle(kind.colours);
  const makers = random.shuffle(kind.brands.flatMap((key) => brands[key].series.map((series) => ({ key, series }))));
  return Array.from({ length: kind.models }, (_, index) => {
    const name = kind.names?.[index];
    const maker = makers[index % makers.length];
    if (maker === undefined) throw new RangeError(`${kind.drawing} has no maker left for model ${index}`);
    return generateModel(kind, maker.key, name ?? maker.series, index, colours, random.fork(name ?? maker.series));
  }).flat();
}

function generateModel(
  kind: Kind,
  brandKey: BrandKey,
  series: string,
  index: number,
  kindColours: readonly Colourway[],
  random: Random,
): Product[] {
  const category = categoryOf(kind);
  const brand: Brand = brands[brandKey];
  const modelTitle = `${series} ${kind.noun}`;
  const groupId = slug(modelTitle);
  // Each model begins one colour further on, so that neighbours on a shelf differ.
  const start = index % kindColours.length;
  const colours = [...kindColours.slice(start), ...kindColours.slice(0, start)].slice(
    0,
    random.int(...kind.coloursPerModel),
  );
  const sizes = sizesOf(kind, random);
  const material = random.pick(kind.materials);
  const description = kind.copy.map((sentences) => random.pick(sentences)).join(" ");
  const [low, high] = kind.pounds;
  const middle = low + (high - low) * (0.15 + 0.7 * random.next());
  const discount = random.chance(0.14) ? random.pick([0.1, 0.15, 0.2, 0.25]) : 0;
  const fresh = random.chance(0.12);

  return colours.flatMap((colour) =>
    sizes.map((size): Product => {
      const listPence = charmingPrice(middle * brand.priceLevel * (size?.priceFactor ?? 1));
      const pricePence = discount ? charmingPrice((listPence / 100) * (1 - discount)) : listPence;
      const details = [size?.slug, colours.length > 1 ? slug(colour) : undefined].filter((part) => part !== undefined);
      return {
        id: [groupId, ...details].join("-"),
        groupId,
        title: titleOf(kind, series, size, colours.length > 1 ? colour : undefined),
        modelTitle,
        kind,
        category,
        brandKey,
        brand,
        series,
        colour,
        size,
        material,
        description,
        pricePence,
        listPricePence: discount ? listPence : undefined,
        availability: random.chance(0.06) ? "out_of_stock" : fresh && random.chance(0.15) ? "preorder" : "in_stock",
        fresh,
        picture: {
          drawing: kind.drawing,
          colour,
          style: kind.names ? index : index + (kind.models % 2),
          scale: size?.scale ?? 0.96,
          backdrop: departments.find(({ name }) => name === category.department)?.backdrop ?? "#ece8da",
        },
      };
    }),
  );
}

function categoryOf(kind: Kind): Category {
  const category = categories.find(({ slug }) => slug === kind.category);
  if (category === undefined) throw new RangeError(`${kind.drawing} names an unknown category`);
  return category;
}

/** Most models of a sized kind come in every size, some in one only. */
function sizesOf(kind: Kind, random: Random): readonly (Size | undefined)[] {
  if (kind.sizes === undefined) return [undefined];
  return random.chance(0.75) ? kind.sizes : [random.pick(kind.sizes)];
}

function titleOf(kind: Kind, series: string, size: Size | undefined, colour: Colourway | undefined): string {
  const words = [series, size?.label, kind.noun].filter((word) => word !== undefined).join(" ");
  return colour === undefined ? words : `${words} in ${colour.toLowerCase()}`;
}

/** Whole pounds above twenty, half pounds below, tens of pence below five. */
function charmingPrice(pounds: number): number {
  if (pounds >= 20) return Math.round(pounds) * 100;
  if (pounds >= 5) return Math.round(pounds * 2) * 50;
  return Math.round(pounds * 10) * 10;
}

export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[’']/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
