import type { DrawingName } from "../art/product-art.ts";

/**
 * What goes with what: who takes the left side home comes back for the right side, or takes both at once. Weights are
 * relative within a line.
 */
export const complements: Partial<Record<DrawingName, readonly (readonly [DrawingName, number])[]>> = {
  "dome-tent": [
    ["sleeping-mat", 4],
    ["sleeping-bag", 3],
    ["lantern", 2],
    ["gas-stove", 1],
  ],
  "tunnel-tent": [
    ["sleeping-mat", 4],
    ["sleeping-bag", 3],
    ["cook-set", 2],
    ["lantern", 1],
  ],
  tarp: [
    ["hammock", 4],
    ["fire-bowl", 1],
    ["lantern", 2],
  ],
  hammock: [
    ["tarp", 3],
    ["blanket", 3],
    ["camp-pillow", 1],
  ],
  "sleeping-bag": [
    ["sleeping-mat", 4],
    ["camp-pillow", 3],
    ["dome-tent", 1],
  ],
  "sleeping-mat": [
    ["sleeping-bag", 4],
    ["camp-pillow", 2],
    ["dome-tent", 1],
  ],
  "camp-pillow": [
    ["sleeping-bag", 2],
    ["sleeping-mat", 2],
  ],
  blanket: [
    ["candle", 2],
    ["fire-bowl", 2],
    ["teapot", 1],
  ],
  "gas-stove": [
    ["gas-canister", 5],
    ["cook-set", 3],
    ["enamel-mug", 2],
  ],
  "gas-canister": [
    ["gas-stove", 3],
    ["cook-set", 1],
  ],
  "cook-set": [
    ["gas-stove", 3],
    ["enamel-mug", 3],
    ["gas-canister", 2],
  ],
  "enamel-mug": [
    ["flask", 2],
    ["moka-pot", 2],
    ["cook-set", 1],
  ],
  lantern: [
    ["candle", 3],
    ["headlamp", 1],
    ["dome-tent", 1],
  ],
  headlamp: [
    ["backpack", 2],
    ["dry-bag", 2],
    ["flask", 1],
  ],
  "fire-bowl": [
    ["skillet", 3],
    ["blanket", 2],
    ["lantern", 1],
  ],
  candle: [
    ["lantern", 2],
    ["jug", 1],
    ["tea-towel", 1],
  ],
  backpack: [
    ["bottle", 3],
    ["dry-bag", 3],
    ["flask", 2],
    ["headlamp", 1],
  ],
  "dry-bag": [
    ["backpack", 3],
    ["bottle", 1],
  ],
  flask: [
    ["enamel-mug", 3],
    ["backpack", 1],
  ],
  bottle: [
    ["backpack", 2],
    ["dry-bag", 1],
  ],
  skillet: [
    ["casserole", 2],
    ["saucepan", 2],
    ["apron", 2],
    ["fire-bowl", 1],
  ],
  casserole: [
    ["bowl", 3],
    ["skillet", 2],
    ["tea-towel", 2],
    ["chopping-board", 1],
  ],
  saucepan: [
    ["skillet", 2],
    ["tea-towel", 2],
    ["casserole", 1],
  ],
  "chefs-knife": [
    ["chopping-board", 4],
    ["whetstone", 4],
    ["paring-knife", 3],
  ],
  "paring-knife": [
    ["chefs-knife", 2],
    ["chopping-board", 2],
  ],
  "chopping-board": [
    ["chefs-knife", 3],
    ["paring-knife", 2],
    ["apron", 1],
  ],
  whetstone: [
    ["chefs-knife", 3],
    ["secateurs", 1],
  ],
  "moka-pot": [
    ["grinder", 4],
    ["enamel-mug", 3],
    ["tea-towel", 1],
  ],
  dripper: [
    ["grinder", 4],
    ["kettle", 4],
    ["bowl", 1],
  ],
  grinder: [
    ["dripper", 3],
    ["moka-pot", 3],
    ["kettle", 1],
  ],
  kettle: [
    ["dripper", 3],
    ["teapot", 3],
    ["enamel-mug", 1],
  ],
  teapot: [
    ["kettle", 3],
    ["tea-towel", 2],
    ["bowl", 1],
  ],
  bowl: [
    ["plate", 5],
    ["jug", 2],
    ["tea-towel", 2],
    ["teapot", 1],
  ],
  plate: [
    ["bowl", 5],
    ["jug", 2],
    ["tea-towel", 1],
  ],
  jug: [
    ["bowl", 3],
    ["terracotta-pot", 1],
  ],
  apron: [
    ["tea-towel", 3],
    ["chopping-board", 1],
    ["gloves", 1],
  ],
  "tea-towel": [
    ["apron", 2],
    ["bowl", 1],
  ],
  trowel: [
    ["gloves", 4],
    ["seed-packet", 4],
    ["terracotta-pot", 1],
  ],
  secateurs: [
    ["gloves", 4],
    ["twine", 3],
    ["whetstone", 1],
  ],
  spade: [
    ["fork", 3],
    ["gloves", 3],
    ["trowel", 2],
    ["seed-packet", 1],
  ],
  fork: [
    ["spade", 4],
    ["gloves", 3],
    ["trowel", 1],
  ],
  gloves: [
    ["trowel", 3],
    ["secateurs", 2],
    ["spade", 1],
  ],
  "terracotta-pot": [
    ["seed-packet", 4],
    ["trowel", 2],
    ["watering-can", 2],
  ],
  trough: [
    ["seed-packet", 4],
    ["watering-can", 2],
    ["terracotta-pot", 1],
  ],
  "plant-stand": [
    ["watering-can", 3],
    ["terracotta-pot", 3],
  ],
  "watering-can": [
    ["seed-packet", 2],
    ["terracotta-pot", 2],
    ["trowel", 1],
  ],
  twine: [
    ["seed-packet", 3],
    ["secateurs", 2],
    ["trough", 1],
  ],
  "seed-packet": [
    ["seed-packet", 6],
    ["terracotta-pot", 2],
    ["twine", 2],
    ["trowel", 1],
  ],
};
