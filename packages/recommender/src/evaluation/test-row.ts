import type { Event } from "@endcap/protocol";

/** One task of a test: what led up to it, oldest first, and what came next. Ids, since a test may hold unknown items. */
export interface TestRow {
  /** The visit so far, the items in view, or the cart, as the task has it. */
  readonly prefix: readonly string[];
  /** At least one; several when what came next is a basket. Distinct. */
  readonly targets: readonly string[];
  /** Unix seconds of the last event of the prefix, or undefined. */
  readonly at: number | undefined;
  /** All that the shopper did until then, where the source knows shoppers: the first `eventCount`, by time. */
  readonly events?: readonly Event[];
  readonly eventCount?: number;
}

/** related_items: what was looked at next, from the item before it alone. */
export function relatedRows(rows: readonly TestRow[]): TestRow[] {
  return rows.flatMap(({ prefix, targets, at }) => {
    const last = prefix.at(-1);
    return last === undefined || targets.includes(last) ? [] : [{ prefix: [last], targets, at }];
  });
}
