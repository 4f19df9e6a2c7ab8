import type { Colourway } from "../art/colour.ts";
import type { DrawingName } from "../art/product-art.ts";
import type { BrandKey } from "./brands.ts";
import type { CategorySlug } from "./taxonomy.ts";

/** One sort of thing the shop sells, and all that is needed to make up a range of them. */
export interface Kind {
  drawing: DrawingName;
  category: CategorySlug;
  /** As it reads inside a title: "dome tent". */
  noun: string;
  /** Shelf name, the last step of the category path: "Dome tents". */
  shelf: string;
  /** How many models (variant groups) to make. */
  models: number;
  brands: readonly BrandKey[];
  /** Price range of a middling size from a middling maker, in pounds. */
  pounds: readonly [number, number];
  colours: readonly Colourway[];
  /** Colours offered of one model. */
  coloursPerModel: readonly [number, number];
  /** Sizes of one model; the first is also used when a model comes in one size only. */
  sizes?: readonly Size[];
  materials: readonly string[];
  /** Two or three sentences follow each other on the product page; one is picked from each list. */
  copy: readonly (readonly string[])[];
  /** For kinds that are told apart by name, not by maker's series: what is in each seed packet. */
  names?: readonly string[];
}

export interface Size {
  /** As it reads before the noun, "2-person", or after it when it starts with a digit and a unit: "750 ml". */
  label: string;
  slug: string;
  priceFactor: number;
  scale: number;
}
