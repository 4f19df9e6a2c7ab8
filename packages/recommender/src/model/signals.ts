/**
 * What the tables say of a pair of items (from, to), each between 0 and about 1:
 * - NEXT      share of the visits of `from` that went straight on to `to`
 * - FORWARD   the same over the next ten positions, 0.7 for each further step
 * - REVERSE   FORWARD of the opposite pair: what people saw before
 * - TOGETHER  co-occurrence in any order, 0.3 for each further step, cosine-normalised
 * - RECENT    FORWARD with older sessions decayed: what follows now
 * - HOP       TOGETHER walked twice: neighbours of neighbours, for sparse catalogues
 */
export const NEXT = 0;
export const FORWARD = 1;
export const REVERSE = 2;
export const TOGETHER = 3;
export const RECENT = 4;
export const HOP = 5;
export const SIGNAL_COUNT = 6;
/** A number for each signal. */
export type Six = readonly [number, number, number, number, number, number];

/** Weights of the blend that cuts rows and picks candidates; what ranks in the end is learned. */
export const BLEND: Six = [1, 1.2, 0.6, 1.2, 0.8, 3];
