import type { Endcap } from "@endcap/sdk-node";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { toItem } from "../catalogue/item.ts";
import { simulate } from "../simulate/simulate.ts";
import { startProgress } from "./progress.ts";

/** Small parts: progress is seen, and what an interruption repeats is little. */
const partBytesMax = 1024 * 1024;

/** Something of the seed was refused: a fault of ours, so the first refusals are named. */
class SeedRefused extends Error {}

/** Writes the whole range through the public API. */
export async function seedCatalogue(
  endcap: Endcap,
  catalogue: Catalogue,
  origin: string,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const items = catalogue.products.map((product) => toItem(product, origin, now));
  const progress = startProgress("Catalogue", "products", items.length, process.stdout);
  const result = await endcap.items.upsert(items, {
    itemsPerRequestMax: 100,
    concurrency: 2,
    signal,
    onProgress: ({ sent }) => progress.update(sent),
  });
  progress.finish();
  if (result.rejectedCount > 0)
    throw new SeedRefused(
      `${result.rejectedCount} products were refused: ${JSON.stringify(result.rejected.slice(0, 3))}`,
    );
}

export interface HistoryOptions {
  catalogue: Catalogue;
  origin: string;
  monthEnds: Date;
  seed: number;
  shoppers: number;
}

/** Imports what the simulated shoppers did. Interrupted, it goes on at the first part that is not stored. */
export async function seedHistory(endcap: Endcap, options: HistoryOptions, signal: AbortSignal): Promise<void> {
  const { catalogue, origin, monthEnds: until, seed, shoppers } = options;
  const events = [...simulate({ catalogue, origin, until, seed, shoppers })];
  const lines = events.map((event) => ({ event }));
  const progress = startProgress("Shoppers", "events", lines.length, process.stdout);
  const result = await endcap.imports.run(`month-${until.getTime()}-${seed}-${shoppers}`, lines, {
    partBytesMax,
    signal,
    onProgress: ({ lines: settled }) => progress.update(settled),
  });
  progress.finish();
  if (result.rejected > 0)
    throw new SeedRefused(`${result.rejected} events were refused: ${JSON.stringify(result.faults.slice(0, 3))}`);
}
