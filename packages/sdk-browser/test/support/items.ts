/** Recommended items with pictures that the gateway of the tests serves. */

export function picture(hue: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320"><rect width="320" height="320" fill="hsl(${hue} 40% 88%)"/><circle cx="160" cy="175" r="85" fill="hsl(${hue} 45% 52%)"/><rect x="135" y="60" width="50" height="60" rx="10" fill="hsl(${hue} 45% 40%)"/></svg>`;
}

const NAMES = [
  "Oak Table",
  "Stoneware Teapot",
  "Linen Napkins, set of four",
  "Beeswax Candle",
  "Walnut Serving Board with a Handle and a Very Long Name",
  "Garden Twine",
];

export function recommended(count: number, origin: string): object[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `item-${i}`,
    reason: { text: "Because you viewed Oak Table", kind: "viewed" },
    item: {
      id: `item-${i}`,
      title: NAMES[i % NAMES.length],
      url: `/p/item-${i}`,
      imageUrl: `${origin}/sdk/picture-${i}.svg`,
      price: `${(i + 1) * 1234}.50`,
      ...(i % 3 === 1 && { listPrice: "99999.00" }),
      currency: "EUR",
      availability: "in_stock",
      categories: [],
      updatedAt: "2026-11-01T00:00:00Z",
    },
  }));
}
