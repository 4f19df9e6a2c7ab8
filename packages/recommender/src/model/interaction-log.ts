/**
 * What a model is trained on: every session of one shop in columns, not objects. A click costs 13 bytes here; as
 * JavaScript objects it would cost over a hundred, and thirty million of them would not fit.
 */

export const VIEW = 0;
export const CART = 1;
export const PURCHASE = 2;

export interface InteractionLog {
  /** Item index to id. An item without any interaction may be in here too (a catalogue item that is new). */
  readonly itemIds: readonly string[];
  /** CSR: session `s` is positions `sessionOffsets[s]` to `sessionOffsets[s + 1]` of the columns below, oldest first. Sessions are ordered by their end. */
  readonly sessionOffsets: Uint32Array;
  /** Item index at each position. */
  readonly items: Int32Array;
  /** Strongest kind of event at each position: VIEW, CART or PURCHASE. */
  readonly kinds: Uint8Array;
  /** Unix seconds at each position, or undefined when the source has order but no clock. */
  readonly times: Float64Array | undefined;
  /** The session before of the same shopper, -1 for a first one; undefined when the source names no shoppers. */
  readonly previous: Int32Array | undefined;
  /** CSR of baskets (things purchased together, distinct), ordered by time. */
  readonly basketOffsets: Uint32Array;
  readonly basketItems: Int32Array;
  /** Unix seconds of each basket, or undefined. */
  readonly basketTimes: Float64Array | undefined;
}

export function sessionCount(log: InteractionLog): number {
  return log.sessionOffsets.length - 1;
}

/** The first `to` sessions as a log of their own: views on the same memory, not copies. Baskets are cut at the time where the slice ends. */
export function firstSessions(log: InteractionLog, to: number): InteractionLog {
  const end = log.sessionOffsets[to] ?? log.items.length;
  const baskets = basketsBefore(log, end);
  return {
    itemIds: log.itemIds,
    sessionOffsets: log.sessionOffsets.subarray(0, to + 1),
    items: log.items.subarray(0, end),
    kinds: log.kinds.subarray(0, end),
    times: log.times?.subarray(0, end),
    previous: log.previous?.subarray(0, to),
    basketOffsets: log.basketOffsets.subarray(0, baskets + 1),
    basketItems: log.basketItems.subarray(0, log.basketOffsets[baskets] ?? 0),
    basketTimes: log.basketTimes?.subarray(0, baskets),
  };
}

function basketsBefore(log: InteractionLog, position: number): number {
  const all = log.basketOffsets.length - 1;
  if (log.times === undefined || log.basketTimes === undefined || position >= log.items.length) return all;
  const limit = log.times[position] as number;
  let count = 0;
  while (count < all && (log.basketTimes[count] as number) < limit) count++;
  return count;
}
