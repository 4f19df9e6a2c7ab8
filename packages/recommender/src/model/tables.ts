import { type Graph, strongestPairs } from "./graph.ts";
import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import { decoded } from "./minifloat.ts";
import { type Rows, RowWriter } from "./rows.ts";
import { FORWARD, HOP, NEXT, RECENT, REVERSE, SIGNAL_COUNT, TOGETHER } from "./signals.ts";
import { countVisits, sessionWeights, type Visits } from "./visits.ts";

export interface ItemTables extends Rows, Visits {
  readonly itemCount: number;
}

/** Neighbours kept for an item. */
const rowMax = 160;
/** How far apart two positions of a session may be to count as a pair. */
const window = 10;
/** Latest occurrences of an item that are walked: bounds the cost of a bestseller. */
const occurrencesMax = 20_000;
/** What is left of a pair's weight for each further position between the two. */
const forwardDecay = 0.7;
const togetherDecay = 0.3;
/** Added to what a share is taken of, so that one visit of one visit is no certainty. */
const shrink = 2;
const cosineDamping = 5;

/**
 * Walks every occurrence of an item through its session, adding into one dense accumulator for the whole catalogue: no pairs
 * are materialised and nothing is hashed, so memory stays at the log plus the result and the cost per event does not grow.
 */
export function buildTables(log: InteractionLog): { tables: ItemTables; graph: Graph } {
  const itemCount = log.itemIds.length;
  const direct = countDirect(log, itemCount);
  const graph = strongestPairs(direct, itemCount);
  return { tables: { itemCount, ...addHops(direct, graph, itemCount), ...countVisits(log) }, graph };
}

function countDirect(log: InteractionLog, itemCount: number): Rows {
  const { items, sessionOffsets } = log;
  const { offsets, positions, sessionAt } = indexOccurrences(log, itemCount);
  const recency = sessionWeights(sessionCount(log));
  const forwardWeights = decays(forwardDecay);
  const togetherWeights = decays(togetherDecay);
  const degrees = togetherDegrees(log, itemCount, togetherWeights);

  const sums = new Float32Array(itemCount * SIGNAL_COUNT);
  const touched = new Int32Array(itemCount);
  const rows = new RowWriter(itemCount, rowMax);
  for (let from = 0; from < itemCount; from++) {
    let count = 0;
    let [outNext, outForward, outRecent, inForward] = [0, 0, 0, 0];
    const first = Math.max(offsets[from]!, offsets[from + 1]! - occurrencesMax);
    for (let o = first; o < offsets[from + 1]!; o++) {
      const at = positions[o]!;
      const session = sessionAt[at]!;
      const fresh = recency[session]!;
      const start = Math.max(sessionOffsets[session]!, at - window);
      for (let q = start; q < at; q++) {
        const to = items[q]!;
        if (to === from) continue;
        const base = to * SIGNAL_COUNT;
        if (sums[base + TOGETHER] === 0) touched[count++] = to;
        const weight = forwardWeights[at - q]!;
        sums[base + TOGETHER]! += togetherWeights[at - q]!;
        sums[base + REVERSE]! += weight;
        inForward += weight;
      }
      const end = Math.min(sessionOffsets[session + 1]!, at + window + 1);
      for (let q = at + 1; q < end; q++) {
        const to = items[q]!;
        if (to === from) continue;
        const base = to * SIGNAL_COUNT;
        if (sums[base + TOGETHER] === 0) touched[count++] = to;
        const weight = forwardWeights[q - at]!;
        sums[base + TOGETHER]! += togetherWeights[q - at]!;
        sums[base + FORWARD]! += weight;
        sums[base + RECENT]! += weight * fresh;
        outForward += weight;
        outRecent += weight * fresh;
        if (q === at + 1) {
          sums[base + NEXT]! += 1;
          outNext += 1;
        }
      }
    }
    // A bestseller's walk was cut: its sums are those of a part of its visits, and so must be its degree.
    const walked = (offsets[from + 1]! - first) / Math.max(1, offsets[from + 1]! - offsets[from]!);
    const degree = degrees[from]! * walked + cosineDamping;
    for (let t = 0; t < count; t++) {
      const base = touched[t]! * SIGNAL_COUNT;
      sums[base + NEXT]! /= outNext + shrink;
      sums[base + FORWARD]! /= outForward + shrink;
      sums[base + REVERSE]! /= inForward + shrink;
      sums[base + RECENT]! /= outRecent + shrink / 4;
      sums[base + TOGETHER]! /= Math.sqrt(degree * (degrees[touched[t]!]! * walked + cosineDamping));
    }
    rows.write(touched, count, sums);
    clear(sums, touched, count);
  }
  return rows.finish();
}

const decays = (decay: number) => Float32Array.from({ length: window + 1 }, (_, gap) => decay ** (gap - 1));

function togetherDegrees({ items, sessionOffsets }: InteractionLog, itemCount: number, weights: Float32Array) {
  const degrees = new Float64Array(itemCount);
  for (let s = 0; s + 1 < sessionOffsets.length; s++) {
    const end = sessionOffsets[s + 1]!;
    for (let p = sessionOffsets[s]!; p < end; p++) {
      for (let q = p + 1; q < Math.min(end, p + window + 1); q++) {
        if (items[p] === items[q]) continue;
        degrees[items[p]!]! += weights[q - p]!;
        degrees[items[q]!]! += weights[q - p]!;
      }
    }
  }
  return degrees;
}

interface Occurrences {
  readonly offsets: Uint32Array;
  /** Positions of each item in the log, oldest first. */
  readonly positions: Uint32Array;
  readonly sessionAt: Uint32Array;
}

function indexOccurrences({ items, sessionOffsets }: InteractionLog, itemCount: number): Occurrences {
  const offsets = new Uint32Array(itemCount + 1);
  for (let p = 0; p < items.length; p++) offsets[items[p]! + 1]! += 1;
  for (let i = 1; i <= itemCount; i++) offsets[i]! += offsets[i - 1]!;
  const next = offsets.slice();
  const positions = new Uint32Array(items.length);
  for (let p = 0; p < items.length; p++) {
    const item = items[p]!;
    positions[next[item]!] = p;
    next[item]! += 1;
  }
  const sessionAt = new Uint32Array(items.length);
  for (let s = 0; s + 1 < sessionOffsets.length; s++) sessionAt.fill(s, sessionOffsets[s], sessionOffsets[s + 1]);
  return { offsets, positions, sessionAt };
}

/** Fills HOP by walking the graph twice, and lets the items that are reached only so compete for the row. */
function addHops(direct: Rows, graph: Graph, itemCount: number): Rows {
  const { rowOffsets, neighbours, values } = direct;
  const sums = new Float32Array(itemCount * SIGNAL_COUNT);
  const seen = new Uint8Array(itemCount);
  const touched = new Int32Array(itemCount);
  const rows = new RowWriter(itemCount, rowMax);
  for (let from = 0; from < itemCount; from++) {
    let count = 0;
    for (let e = rowOffsets[from]!; e < rowOffsets[from + 1]!; e++) {
      const to = neighbours[e]!;
      seen[to] = 1;
      touched[count++] = to;
      for (let k = 0; k < SIGNAL_COUNT; k++) sums[to * SIGNAL_COUNT + k] = decoded[values[e * SIGNAL_COUNT + k]!]!;
    }
    for (let e = graph.offsets[from]!; e < graph.offsets[from + 1]!; e++) {
      const via = graph.items[e]!;
      const weight = graph.shares[e]!;
      for (let f = graph.offsets[via]!; f < graph.offsets[via + 1]!; f++) {
        const to = graph.items[f]!;
        if (to === from) continue;
        if (seen[to] === 0) {
          seen[to] = 1;
          touched[count++] = to;
        }
        sums[to * SIGNAL_COUNT + HOP]! += weight * graph.shares[f]!;
      }
    }
    rows.write(touched, count, sums);
    for (let t = 0; t < count; t++) seen[touched[t]!] = 0;
    clear(sums, touched, count);
  }
  return rows.finish();
}

function clear(sums: Float32Array, touched: Int32Array, count: number): void {
  for (let t = 0; t < count; t++) sums.fill(0, touched[t]! * SIGNAL_COUNT, (touched[t]! + 1) * SIGNAL_COUNT);
}
