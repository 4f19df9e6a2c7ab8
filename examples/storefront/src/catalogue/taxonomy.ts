/** Three departments, twelve categories. Paths on the wire are [department, category, kind]. */
export type Department = "Camp" | "Kitchen" | "Garden";

export const departments: readonly { name: Department; line: string; backdrop: string }[] = [
  { name: "Camp", line: "Shelter, sleep, supper and a light to read by.", backdrop: "#e2e8df" },
  { name: "Kitchen", line: "Iron, oak, clay and a proper cup of coffee.", backdrop: "#f1e5d6" },
  { name: "Garden", line: "For window boxes, allotments and everything between.", backdrop: "#e7ebd8" },
];

export const categories = [
  { slug: "tents-and-tarps", name: "Tents & tarps", department: "Camp", line: "A roof that fits in a rucksack." },
  {
    slug: "sleep",
    name: "Sleep",
    department: "Camp",
    line: "Bags, mats and blankets for cold ground and clear skies.",
  },
  {
    slug: "camp-kitchen",
    name: "Camp kitchen",
    department: "Camp",
    line: "Stoves, fuel and mugs for supper out of doors.",
  },
  { slug: "light-and-fire", name: "Light & fire", department: "Camp", line: "Lanterns, flames and the long evening." },
  { slug: "packs-and-flasks", name: "Packs & flasks", department: "Camp", line: "Carry it, keep it dry, keep it hot." },
  { slug: "cookware", name: "Cookware", department: "Kitchen", line: "Pans to hand down." },
  {
    slug: "knives-and-boards",
    name: "Knives & boards",
    department: "Kitchen",
    line: "Sharp edges and somewhere to use them.",
  },
  { slug: "coffee-and-tea", name: "Coffee & tea", department: "Kitchen", line: "The first twenty minutes of the day." },
  {
    slug: "table-and-linen",
    name: "Table & linen",
    department: "Kitchen",
    line: "Bowls, jugs and cloth that improves with washing.",
  },
  {
    slug: "garden-tools",
    name: "Garden tools",
    department: "Garden",
    line: "Forged, ash-handled, made to be leant on.",
  },
  { slug: "pots-and-planters", name: "Pots & planters", department: "Garden", line: "Good homes for growing things." },
  {
    slug: "seeds-and-watering",
    name: "Seeds & watering",
    department: "Garden",
    line: "Small packets, large ambitions.",
  },
] as const satisfies readonly { slug: string; name: string; department: Department; line: string }[];

export type Category = (typeof categories)[number];

export type CategorySlug = Category["slug"];
