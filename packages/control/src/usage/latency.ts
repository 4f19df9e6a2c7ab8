import { LATENCY_BOUNDS_MS } from "@endcap/protocol";

/** The upper bound of the class that holds the quantile; null with no requests, or past the last bound. */
export function quantileMs(latency: readonly number[], quantile: number): number | null {
  const all = latency.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [place, count] of latency.entries()) {
    seen += count;
    if (all > 0 && seen >= all * quantile) return LATENCY_BOUNDS_MS[place] ?? null;
  }
  return null;
}
