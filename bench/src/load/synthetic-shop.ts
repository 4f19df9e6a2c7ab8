import { seededRandom } from "../stack/small-shop.ts";

/** One action as the trainer reads it. */
export interface SyntheticEvent {
  readonly shopper: string;
  readonly type: "view_item" | "add_to_cart" | "purchase";
  /** Unix milliseconds. */
  readonly at: number;
  readonly itemIds: readonly string[];
}

/** Themes hold items that go together; a session stays within one for most of its steps. */
const themeSize = 24;
const logMs = 90 * 86_400_000;
const stepMsMean = 60_000;
const start = Date.UTC(2026, 0, 1);
const sessionLengthMean = 5;
/** The part of the catalogue that is on sale at a time; it moves over the rest once in the whole log. */
const onSale = 0.6;

/**
 * A catalogue grows with its shop, slower than the traffic does (Heaps' law): 40,000 items for a million events, as in the public
 * sets of that size, 160,000 for ten million, 310,000 for thirty.
 */
export function catalogueSize(events: number): number {
  return Math.round(10 * events ** 0.6);
}

export const itemId = (item: number): string => `sku-${item}`;

interface Session {
  readonly shopper: string;
  theme: number;
  readonly items: number[];
}

/**
 * A shop's events in order of arrival, the same for a seed: items and shoppers by Zipf's law, sessions that walk within themes,
 * come back to what they saw and jump, old items leaving and new ones coming all along.
 */
export function* syntheticShop(events: number, seed: number, items = catalogueSize(events)): Generator<SyntheticEvent> {
  const random = seededRandom(seed);
  const themes = Math.max(1, Math.ceil(items / themeSize));
  const shoppers = Math.ceil(events / sessionLengthMean / 2);
  // As many sessions are under way at a time as make a step last what it should; their events arrive interleaved.
  const open: (Session | undefined)[] = Array.from({ length: Math.ceil((stepMsMean * events) / logMs) });

  const begin = (progress: number): Session => ({
    shopper: `shopper-${Math.floor(random() * shoppers)}`,
    theme: freshTheme(progress),
    items: [],
  });
  /** Today's bestseller sells little in a month: the order of themes moves with time. */
  const freshTheme = (progress: number) => {
    const shift = Math.floor(progress * (1 - onSale) * themes);
    const rank = zipf(random(), Math.max(1, Math.floor(themes * onSale)), 20);
    return (shift + scattered(rank, themes)) % themes;
  };
  const nextItem = (session: Session, progress: number): number => {
    const { items: seen } = session;
    const earlier = seen.length > 1 ? seen[Math.floor(random() * (seen.length - 1))] : undefined;
    if (earlier !== undefined && random() < 0.18) return earlier;
    if (random() < 0.15) session.theme = freshTheme(progress);
    const last = seen.at(-1);
    const base = session.theme * themeSize;
    // Neighbours on the shelf follow each other more often than the theme's bestsellers do.
    const place =
      last !== undefined && last >= base && last < base + themeSize && random() < 0.6
        ? (last - base + 1 + zipf(random(), themeSize - 1, 1)) % themeSize
        : zipf(random(), themeSize, 2);
    return Math.min(items - 1, base + place);
  };

  for (let n = 0; n < events; n++) {
    const progress = n / events;
    const slot = Math.floor(random() * open.length);
    let session = open[slot];
    if (session === undefined || random() < 1 / sessionLengthMean) session = open[slot] = begin(progress);
    const item = nextItem(session, progress);
    session.items.push(item);
    const kind = random();
    const type = kind < 0.02 ? "purchase" : kind < 0.07 ? "add_to_cart" : "view_item";
    yield { shopper: session.shopper, type, at: start + progress * logMs, itemIds: [itemId(item)] };
  }
}

/** Rank in [0, count), each with a share of about 1 / (offset + rank): the law of Zipf and Mandelbrot by its inverse, as if continuous. */
function zipf(uniform: number, count: number, offset: number): number {
  return Math.min(count - 1, Math.floor(offset * ((count + offset) / offset) ** uniform - offset));
}

/** What sells best does not lie together. One to one, since the factor is prime; both stay far below 2^53. */
function scattered(rank: number, count: number): number {
  return (rank * 2_654_435_761) % count;
}
