import { seededRandom } from "../stack/small-shop.ts";
import { type BenchShop, batchOf } from "./shop.ts";

const eventsPerSecond = 50;
const pricesPerSecond = 5;
const tickMs = 200;

/** A shop that lives: shoppers look at things and prices change while it is asked. Returns what ends that. */
export function keepLively(shop: BenchShop): () => Promise<void> {
  const random = seededRandom(17);
  let running = Promise.resolve();
  let ticks = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    const pick = <T>(list: readonly T[]): T => list[Math.floor(list.length ** random()) - 1] as T;
    const batches = Array.from({ length: (eventsPerSecond * tickMs) / 1_000 }, () =>
      batchOf(`passer-${Math.floor(random() * 5_000)}`, [pick(shop.popular)], now - 2_000, now),
    );
    const repriced = Array.from({ length: (pricesPerSecond * tickMs) / 1_000 }, () => ({
      ...(shop.items[Math.floor(random() * shop.items.length)] as (typeof shop.items)[number]),
      price: (2 + random() * 100).toFixed(2),
      updatedAt: new Date(now + ticks++).toISOString(),
    }));
    running = running
      .then(() => shop.table.events.append(batches))
      .then(() => shop.table.catalogue.upsert(repriced))
      .then(() => undefined);
  }, tickMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
