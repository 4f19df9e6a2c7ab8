/**
 * The makers whose goods the shop sells; all invented. A series is a maker's family of products: the Heron tent, the
 * Heron mat and the Heron bag are made to go together, and shoppers notice.
 */
export interface Brand {
  name: string;
  /** Multiplies a kind's price range. */
  priceLevel: number;
  /** One sentence for the product page. */
  story: string;
  series: readonly string[];
}

export const brands = {
  skarn: {
    name: "Skarn",
    priceLevel: 1.28,
    story: "Skarn makes mountain equipment in a former slate works and mends it for as long as you own it.",
    series: ["Heron", "Plover", "Curlew", "Merlin", "Dunlin", "Kestrel", "Ousel", "Pipit"],
  },
  fellward: {
    name: "Fellward",
    priceLevel: 1,
    story: "Fellward has outfitted walkers, scouts and sensible families since its first tin-roofed shop.",
    series: ["Bowscale", "Easedale", "Harrop", "Styhead", "Angle", "Grisedale", "Loughrigg", "Burnmoor"],
  },
  ottersby: {
    name: "Ottersby",
    priceLevel: 0.82,
    story: "Ottersby keeps things light, simple and affordable, for the first night out and the fiftieth.",
    series: ["Driftwood", "Pebble", "Sedge", "Rush", "Minnow", "Ripple", "Willow", "Reed"],
  },
  lumen: {
    name: "Wren & Weld",
    priceLevel: 1.1,
    story: "Wren & Weld is two sisters, one forge and a long list of lanterns they would not let go.",
    series: ["Beacon", "Gloaming", "Firefly", "Tinder", "Lodestar", "Emberlight"],
  },
  quarry: {
    name: "North Quarry",
    priceLevel: 1.22,
    story: "North Quarry pours its iron by hand; every pan is ground, seasoned and signed on the handle.",
    series: ["Anvil", "Crucible", "Hearthstone", "Bellows", "Cinder", "Foundry"],
  },
  hulme: {
    name: "Hulme & Daughter",
    priceLevel: 1.12,
    story: "Hulme & Daughter has ground knives and turned boards on the same street for three generations.",
    series: ["Orchard", "Sorrel", "Damson", "Medlar", "Quince", "Bramley"],
  },
  tolv: {
    name: "Tolv",
    priceLevel: 1.05,
    story: "Tolv draws everything with twelve lines or fewer, then takes one away.",
    series: ["Linje", "Skog", "Fjell", "Morgen", "Stille", "Havn"],
  },
  fiamma: {
    name: "Piccola Fiamma",
    priceLevel: 0.95,
    story: "Piccola Fiamma builds stoves and coffee makers small enough for a windowsill or a summit.",
    series: ["Vespa", "Nonna", "Bora", "Stella", "Lucciola", "Domenica"],
  },
  saltmarsh: {
    name: "Saltmarsh Pottery",
    priceLevel: 1.15,
    story: "Saltmarsh throws in coarse local clay and glazes with the ash of its own kiln.",
    series: ["Samphire", "Tideline", "Estuary", "Lugger", "Oyster", "Marram"],
  },
  brackenfold: {
    name: "Brackenfold Mill",
    priceLevel: 1.04,
    story: "Brackenfold weaves wool and linen on looms older than anyone who works there.",
    series: ["Hazel", "Teasel", "Foxglove", "Rowan", "Yarrow", "Fennel"],
  },
  larkfield: {
    name: "Larkfield Forge",
    priceLevel: 1.1,
    story: "Larkfield forges garden tools that outlive the sheds they hang in.",
    series: ["Allotment", "Cottage", "Walled Garden", "Orangery", "Potting Shed", "Border"],
  },
  mosswork: {
    name: "Mosswork",
    priceLevel: 0.86,
    story: "Mosswork makes honest pots, cans and twine for people who kneel in flower beds.",
    series: ["Courtyard", "Balcony", "Terrace", "Windowsill", "Greenhouse", "Veranda"],
  },
  goodseed: {
    name: "Good Seed Company",
    priceLevel: 1,
    story: "The Good Seed Company grows, dries and packs open-pollinated seed you are meant to save.",
    series: ["Heirloom"],
  },
} as const satisfies Record<string, Brand>;

export type BrandKey = keyof typeof brands;
