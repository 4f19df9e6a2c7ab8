import type { InteractionLog } from "../../model/index.ts";
import type { Ranker } from "../ranker.ts";

/** The session's own items, the most recent first: what any method has to add to. */
export function sessionItems(): Ranker {
  return {
    name: "sessionItems",
    rank({ items, count }, novel, out) {
      let written = 0;
      if (novel) return written;
      for (let i = count - 1; i >= 0 && written < out.length; i--) {
        if (!out.subarray(0, written).includes(items[i]!)) out[written++] = items[i]!;
      }
      return written;
    },
  };
}

/** The most clicked items of the log, the same for everyone. */
export function popularity(log: InteractionLog): Ranker {
  const order = byClicks(log);
  return {
    name: "popularity",
    rank({ items, count }, novel, out) {
      let written = 0;
      for (let i = 0; i < order.length && written < out.length; i++) {
        const item = order[i]!;
        if (!novel || !items.subarray(0, count).includes(item)) out[written++] = item;
      }
      return written;
    },
  };
}

/** All items, the most clicked first. */
export function byClicks(log: InteractionLog): Int32Array {
  const clicks = new Uint32Array(log.itemIds.length);
  for (const item of log.items) clicks[item]! += 1;
  return Int32Array.from(clicks, (_, item) => item).sort((a, b) => clicks[b]! - clicks[a]! || a - b);
}
