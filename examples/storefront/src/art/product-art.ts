import { cookSet, enamelMug, gasCanister, gasStove } from "./camp-kitchen.ts";
import { dripper, grinder, kettle, mokaPot, teapot } from "./coffee.ts";
import { type Colourway, type Ink, inkOf } from "./colour.ts";
import { casserole, saucepan, skillet } from "./cookware.ts";
import { plantStand, terracottaPot, trough, twine, wateringCan } from "./garden.ts";
import { chefsKnife, choppingBoard, paringKnife, whetstone } from "./knives.ts";
import { candle, fireBowl, headlamp, lantern } from "./light.ts";
import { backpack, bottle, dryBag, flask } from "./packs.ts";
import { circle, grow, rect } from "./pen.ts";
import { seedPacket } from "./seeds.ts";
import { blanket, campPillow, sleepingBag, sleepingMat } from "./sleep.ts";
import { apron, bowl, jug, plate, teaTowel } from "./table.ts";
import { domeTent, hammock, tarp, tunnelTent } from "./tents.ts";
import { fork, gloves, secateurs, spade, trowel } from "./tools.ts";

type Drawing = (ink: Ink, style: number) => string;

const drawings = {
  "dome-tent": domeTent,
  "tunnel-tent": tunnelTent,
  tarp,
  hammock,
  "sleeping-bag": sleepingBag,
  "sleeping-mat": sleepingMat,
  "camp-pillow": campPillow,
  blanket,
  "gas-stove": gasStove,
  "gas-canister": gasCanister,
  "cook-set": cookSet,
  "enamel-mug": enamelMug,
  lantern,
  headlamp,
  "fire-bowl": fireBowl,
  candle,
  backpack,
  "dry-bag": dryBag,
  flask,
  bottle,
  skillet,
  casserole,
  saucepan,
  "chefs-knife": chefsKnife,
  "paring-knife": paringKnife,
  "chopping-board": choppingBoard,
  whetstone,
  "moka-pot": mokaPot,
  dripper,
  grinder,
  kettle,
  teapot,
  bowl,
  plate,
  jug,
  apron,
  "tea-towel": teaTowel,
  trowel,
  secateurs,
  spade,
  fork,
  gloves,
  "terracotta-pot": terracottaPot,
  trough,
  "plant-stand": plantStand,
  "watering-can": wateringCan,
  twine,
  "seed-packet": seedPacket,
} satisfies Record<string, Drawing>;

export type DrawingName = keyof typeof drawings;

export const drawingNames = Object.keys(drawings) as DrawingName[];

export interface Picture {
  drawing: DrawingName;
  colour: Colourway;
  /** Picks among the drawing's variations (pattern, handle, plant). */
  style: number;
  /** Relative size on the card, 0.7 to 1. */
  scale: number;
  /** Background tint. */
  backdrop: string;
}

/** The whole card as a standalone SVG file. */
export function productSvg(picture: Picture, label: string): string {
  const body = drawings[picture.drawing](inkOf(picture.colour), picture.style);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="${escapeXml(label)}">`,
    rect(0, 0, 400, 400, 0, picture.backdrop),
    circle(200, 206, 164, "#ffffff", { opacity: 0.38 }),
    picture.scale === 1 ? body : grow(picture.scale, body),
    "</svg>",
  ].join("");
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&quot;"));
}
