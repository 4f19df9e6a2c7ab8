import type { DrawingName } from "../art/product-art.ts";
import type { Catalogue, Group } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";
import type { Random } from "../random.ts";
import type { Market } from "./market.ts";
import { liking, type Shopper, variantFor } from "./shopper.ts";

/** What a shopper does, one step after another, before it is written down as events. */
export type Step =
  | { type: "page_view"; path: string }
  | { type: "view_item_list"; path: string; products: readonly Product[] }
  | { type: "search"; query: string }
  | { type: "view_item" | "select_item" | "add_to_wishlist"; product: Product }
  | { type: "add_to_cart" | "remove_from_cart"; line: Line }
  | {
      type: "view_cart" | "begin_checkout" | "add_shipping_info" | "add_payment_info" | "purchase";
      lines: readonly Line[];
    };

export interface Line {
  product: Product;
  quantity: number;
}

/** What a shopper remembers from one visit to the next. */
export interface Memory {
  /** Models viewed, latest last. */
  seen: Group[];
  bought: Group[];
}

const viewsMax = 14;

export function visit(
  shopper: Shopper,
  memory: Memory,
  age: number,
  catalogue: Catalogue,
  market: Market,
  random: Random,
): Step[] {
  const steps: Step[] = [];
  const cart: Line[] = [];
  const start = errand(shopper, memory, age, market, random);
  arrive(steps, start, catalogue, random);

  let current: Group | undefined = start;
  const views = Math.min(viewsMax, 1 + Math.floor(random.exponential(3.2)));
  for (let i = 0; i < views && current !== undefined; i++) {
    look(steps, cart, current, shopper, memory, random);
    current = next(current, shopper, memory, age, market, random);
  }
  // The basket reminds them of what belongs with it.
  const inCart = cart.at(-1);
  if (inCart !== undefined && random.chance(0.45)) {
    const companion = companionOf(catalogue.group(inCart.product.groupId), shopper, age, market, random);
    if (companion !== undefined) look(steps, cart, companion, shopper, memory, random, 0.7);
  }
  if (cart.length > 0) leave(steps, cart, shopper, memory, catalogue, random);
  return steps;
}

/** What they came for: something to go with the last purchase, the thing they could not decide on, or a fresh wish. */
function errand(shopper: Shopper, memory: Memory, age: number, market: Market, random: Random): Group {
  const lastBought = memory.bought.at(-1);
  if (lastBought !== undefined && random.chance(0.5)) {
    const companion = companionOf(lastBought, shopper, age, market, random);
    if (companion !== undefined) return companion;
  }
  const lastSeen = memory.seen.at(-1);
  if (lastSeen !== undefined && random.chance(0.35)) return lastSeen;
  const kind = random.weighted([...market.kindOf.keys()], (kind) => wish(shopper, kind, age, market));
  return modelOf(kind, shopper, market, random);
}

function wish(shopper: Shopper, kind: DrawingName, age: number, market: Market): number {
  return (shopper.interests.get(kind) ?? 0) * market.season(kind, age);
}

function modelOf(kind: DrawingName, shopper: Shopper, market: Market, random: Random): Group {
  return random.weighted(market.kindOf.get(kind) ?? [], (group) => liking(shopper, group, market));
}

function arrive(steps: Step[], start: Group, catalogue: Catalogue, random: Random): void {
  const { category, kind } = start.face;
  if (random.chance(0.5)) steps.push({ type: "page_view", path: "/" });
  const how = random.next();
  if (how < 0.35) {
    const products = catalogue
      .shelf(category.slug)
      .slice(0, 12)
      .map(({ face }) => face);
    steps.push({ type: "view_item_list", path: `/shelves/${category.slug}`, products });
  } else if (how < 0.55) {
    steps.push({
      type: "search",
      query: random.pick([kind.noun, kind.shelf.toLowerCase(), `${start.face.brand.name} ${kind.noun}`]),
    });
  }
  if (steps.length > 0 && random.chance(0.4)) steps.push({ type: "select_item", product: start.face });
}

function look(
  steps: Step[],
  cart: Line[],
  group: Group,
  shopper: Shopper,
  memory: Memory,
  random: Random,
  temptation = 0.17,
): void {
  const product = variantFor(shopper, group, random);
  steps.push({ type: "view_item", product });
  memory.seen.push(group);
  if (product.availability === "out_of_stock" || cart.some((line) => line.product === product)) return;
  if (random.chance(Math.min(0.9, temptation * shopper.eagerness))) {
    const quantity = product.pricePence < 2000 && random.chance(0.3) ? random.int(2, 4) : 1;
    const line = { product, quantity };
    cart.push(line);
    steps.push({ type: "add_to_cart", line });
  } else if (random.chance(0.04)) {
    steps.push({ type: "add_to_wishlist", product });
  }
}

/** Where the eye goes next: a rival of the same kind, something that goes with it, back again, or elsewhere. */
function next(
  current: Group,
  shopper: Shopper,
  memory: Memory,
  age: number,
  market: Market,
  random: Random,
): Group | undefined {
  const turn = random.next();
  if (turn < 0.34) {
    const rivals = (market.kindOf.get(current.face.kind.drawing) ?? []).filter((group) => group !== current);
    const alike = (group: Group) =>
      (group.face.brandKey === current.face.brandKey ? 2 : 1) * liking(shopper, group, market);
    return rivals.length > 0 ? random.weighted(rivals, alike) : undefined;
  }
  if (turn < 0.78) return companionOf(current, shopper, age, market, random);
  if (turn < 0.87) return memory.seen.at(-2);
  return modelOf(
    random.weighted([...market.kindOf.keys()], (kind) => wish(shopper, kind, age, market)),
    shopper,
    market,
    random,
  );
}

function companionOf(
  group: Group | undefined,
  shopper: Shopper,
  age: number,
  market: Market,
  random: Random,
): Group | undefined {
  const companions = group === undefined ? [] : (market.companions.get(group) ?? []);
  if (companions.length === 0) return undefined;
  return random.weighted(
    companions,
    ({ group, weight }) =>
      weight * Math.sqrt(liking(shopper, group, market)) * market.season(group.face.kind.drawing, age),
  ).group;
}

function leave(
  steps: Step[],
  cart: Line[],
  shopper: Shopper,
  memory: Memory,
  catalogue: Catalogue,
  random: Random,
): void {
  if (random.chance(0.12)) {
    const [line] = cart.splice(random.int(0, cart.length - 1), 1);
    if (line !== undefined) steps.push({ type: "remove_from_cart", line });
  }
  if (cart.length === 0) return;
  const lines = [...cart];
  if (random.chance(0.85)) steps.push({ type: "view_cart", lines });
  if (!random.chance(Math.min(0.95, 0.6 * Math.sqrt(shopper.eagerness)))) return;
  steps.push({ type: "begin_checkout", lines });
  if (!random.chance(0.88)) return;
  steps.push({ type: "add_shipping_info", lines }, { type: "add_payment_info", lines });
  if (!random.chance(0.94)) return;
  steps.push({ type: "purchase", lines });
  for (const { product } of lines) {
    const group = catalogue.group(product.groupId);
    if (group !== undefined) memory.bought.push(group);
  }
}
