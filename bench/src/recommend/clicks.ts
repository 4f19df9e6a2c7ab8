// The sessions that a shop of Diginetica's size is made of: the public ones where they lie beside the clone, made-up ones
// of the same shape elsewhere.
import { fileURLToPath } from "node:url";
import { readSessions } from "@endcap/recommender/evaluation";
import { seededRandom } from "../stack/small-shop.ts";

const diginetica = fileURLToPath(new URL("../../../../shared/data/diginetica_gcegnn", import.meta.url));
/** Diginetica's own size; the short form takes a tenth of it. */
const sessionsMax = 186_670;
const itemsMax = 43_000;
const itemsPerTheme = 40;

export interface Clicks {
  readonly source: string;
  /** Item ids of each session, oldest session first. */
  readonly sessions: readonly (readonly string[])[];
}

export async function readClicks(train: string | undefined, short: boolean): Promise<Clicks> {
  const read = await readSessions(train ?? diginetica, "train").catch((error: Error) => {
    if (train !== undefined) throw error;
    return undefined;
  });
  if (read === undefined) return { source: "generated", sessions: generate(short ? sessionsMax / 10 : sessionsMax) };
  const sessions = read.map(({ ids }) => ids);
  return { source: train ?? "diginetica", sessions: short ? sessions.slice(-sessionsMax / 10) : sessions };
}

/** Shoppers stay within a theme, popular themes and items more often (Zipf), and leave it now and then. */
function generate(count: number): string[][] {
  const random = seededRandom(11);
  const themes = itemsMax / itemsPerTheme;
  const skewed = (n: number) => Math.floor(n * random() ** 2.5);
  return Array.from({ length: Math.floor(count) }, () => {
    let theme = skewed(themes);
    const clicks = 2 + Math.floor(-3 * Math.log(1 - random()));
    return Array.from({ length: Math.min(clicks, 60) }, () => {
      if (random() < 0.15) theme = (theme + 1 + skewed(20)) % themes;
      return `${theme * itemsPerTheme + skewed(itemsPerTheme)}`;
    });
  });
}
