import type { Colourway } from "../art/colour.ts";
import type { DrawingName } from "../art/product-art.ts";
import { type BrandKey, brands } from "../catalogue/brands.ts";
import type { Group } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";
import { departments } from "../catalogue/taxonomy.ts";
import { regulars } from "../pages/account.ts";
import type { Random } from "../random.ts";
import { anonymousId } from "./ids.ts";
import { dearness, type Market } from "./market.ts";

/** Someone with tastes: what they come for, which makers they trust, what they spend and the colours they like. */
export interface Shopper {
  id: { anonymousId: string } | { userId: string };
  /** Relative interest in each kind of thing. */
  interests: ReadonlyMap<DrawingName, number>;
  makers: ReadonlySet<BrandKey>;
  colours: ReadonlySet<Colourway>;
  /** Where in a kind's price range they look: 0 cheap, 1 dear. */
  budget: number;
  /** How readily they buy; 1 is usual. */
  eagerness: number;
  visits: number;
}

const brandKeys = Object.keys(brands) as BrandKey[];
const allColours: Colourway[] = ["Moss", "Tarn", "Ember", "Ochre", "Sage", "Chalk", "Pine", "Indigo", "Slate", "Clay"];

/** The regulars one can sign in as come first; everyone else is drawn. */
const regularTastes: Record<(typeof regulars)[number]["id"], readonly DrawingName[]> = {
  "u-marta": ["dome-tent", "sleeping-bag", "sleeping-mat", "lantern", "backpack", "hammock"],
  "u-idris": ["moka-pot", "dripper", "grinder", "kettle", "enamel-mug"],
  "u-nell": ["seed-packet", "trough", "terracotta-pot", "watering-can", "trowel", "twine"],
  "u-tomasz": ["skillet", "casserole", "chefs-knife", "whetstone", "chopping-board"],
};

export function makeShopper(index: number, market: Market, visitsMean: number, random: Random): Shopper {
  const regular = regulars[index];
  const favourites = new Set(regular && regularTastes[regular.id]);
  const home = random.weighted(departments, ({ name }) => ({ Camp: 4, Kitchen: 3.5, Garden: 2.5 })[name]).name;
  const interests = new Map(
    [...market.kindOf].map(([kind, [first]]) => {
      const atHome = first?.face.category.department === home ? 1 : 0.12;
      const drawn = random.exponential(1) ** 1.8 * atHome;
      return [kind, regular === undefined ? drawn : favourites.has(kind) ? 2 : 0.02];
    }),
  );
  const userId = regular?.id ?? (random.chance(0.3) ? `u-${1000 + index}` : undefined);
  return {
    id: userId === undefined ? { anonymousId: anonymousId(random) } : { userId },
    interests,
    makers: new Set(random.shuffle(brandKeys).slice(0, random.int(1, 4))),
    colours: new Set(random.shuffle(allColours).slice(0, random.int(1, 3))),
    budget: Math.min(1, Math.max(0, 0.5 + 0.28 * random.normal())),
    eagerness: Math.exp(0.5 * random.normal()),
    visits: regular === undefined ? 1 + Math.floor(random.exponential(visitsMean - 0.5)) : random.int(8, 12),
  };
}

/** How much a shopper likes a model, all else equal. */
export function liking(shopper: Shopper, group: Group, market: Market): number {
  const distance = dearness(group) - shopper.budget;
  return (
    (market.popularity.get(group) ?? 0) *
    (shopper.makers.has(group.face.brandKey) ? 2.6 : 1) *
    Math.exp(-3 * distance * distance)
  );
}

/** The variant they look at: what the shelf shows, unless another has their colour. */
export function variantFor(shopper: Shopper, group: Group, random: Random): Product {
  if (random.chance(0.45)) return group.face;
  return random.weighted(group.variants, ({ colour }) => (shopper.colours.has(colour) ? 4 : 1));
}
