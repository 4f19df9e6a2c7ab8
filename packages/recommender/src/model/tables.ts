import { type InteractionLog, sessionCount } from "./interaction-log.ts";
import { TopK } from "./top-k.ts";

/**
 * The signals kept for each pair of items (from, to), each between 0 and about 1:
 * - `next`      share of the visits of `from` that went straight on to `to`
 * - `forward`   the same over the next ten positions, 0.7 for each further step
 * - `reverse`   `forward` of the opposite pair: what people saw before
 * - `together`  co-occurrence within ten positions, cosine-normalised
 * - `recent`    `forward` with older sessions decayed: what follows now
 * - `hop`       `together` walked twice: neighbours of neighbours, for sparse catalogues
 */
const SIGNALS = ["next", "forward", "reverse", "together", "recent", "hop"] as const;
export const SIGNAL_COUNT = SIGNALS.length;

const NEXT = 0;
const FORWARD = 1;
const REVERSE = 2;
const TOGETHER = 3;
const RECENT = 4;
const HOP = 5;

export interface TableOptions {
  /** Neighbours kept for an item. */
  readonly rowMax: number;
  /** How far apart two positions of a session may be to count as a pair. */
  readonly window: number;
  /** Latest occurrences of an item that are walked: bounds the cost of a bestseller. */
  readonly occurrencesMax: number;
}

const tableDefaults: TableOptions = { rowMax: 160, window: 10, occurrencesMax: 20_000 };

/** CSR: the neighbours of item `i` are `rowOffsets[i]` to `rowOffsets[i + 1]`, best first; `values` has SIGNAL_COUNT numbers for each. */
export interface ItemTables {
  readonly itemCount: number;
  readonly rowOffsets: Uint32Array;
  readonly neighbours: Int32Array;
  readonly values: Float32Array;
  /** Interactions of each item: all, and with sessions decayed by age. */
  readonly visits: Float32Array;
  readonly recentVisits: Float32Array;
}

const STEP_DECAY = 0.7;
/** Age at which a session counts 1/e in `recent`, as a share of all sessions: 12% of a three-month log is eleven days. */
const RECENT_SHARE = 0.12;
const SHRINK = 2;
const COSINE_DAMPING = 3;
const HOP_FANOUT = 40;
const ROW_WEIGHTS = [1, 1.2, 0.6, 1.2, 0.8, 0.5] as const;

/**
 * Walks every occurrence of an item through its session, adding into one dense accumulator for the whole catalogue: no pairs
 * are materialised and nothing is hashed, so memory stays at the log plus the result and the cost per event does not grow.
 */
export function buildTables(log: InteractionLog, options: TableOptions = tableDefaults): ItemTables {
  const itemCount = log.itemIds.length;
  const occurrences = indexOccurrences(log, itemCount);
  const { visits, recentVisits } = countVisits(log, itemCount);
  const direct = countDirect(log, occurrences, visits, itemCount, options);
  return { itemCount, ...addHops(direct, itemCount, options.rowMax), visits, recentVisits };
}

interface Occurrences {
  readonly offsets: Uint32Array;
  readonly positions: Uint32Array;
  readonly sessionAt: Uint32Array;
}

function indexOccurrences(log: InteractionLog, itemCount: number): Occurrences {
  const { items, sessionOffsets } = log;
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

function sessionWeight(session: number, sessions: number): number {
  return Math.exp(-(sessions - 1 - session) / (RECENT_SHARE * sessions));
}

function countVisits(log: InteractionLog, itemCount: number): { visits: Float32Array; recentVisits: Float32Array } {
  const visits = new Float32Array(itemCount);
  const recentVisits = new Float32Array(itemCount);
  const sessions = sessionCount(log);
  for (let s = 0; s < sessions; s++) {
    const weight = sessionWeight(s, sessions);
    for (let p = log.sessionOffsets[s]!; p < log.sessionOffsets[s + 1]!; p++) {
      visits[log.items[p]!]! += 1;
      recentVisits[log.items[p]!]! += weight;
    }
  }
  return { visits, recentVisits };
}

interface Rows {
  readonly rowOffsets: Uint32Array;
  readonly neighbours: Int32Array;
  readonly values: Float32Array;
}

function countDirect(
  log: InteractionLog,
  { offsets, positions, sessionAt }: Occurrences,
  visits: Float32Array,
  itemCount: number,
  options: TableOptions,
): Rows {
  const { items, sessionOffsets } = log;
  const sessions = sessionCount(log);
  const recency = new Float32Array(sessions);
  for (let s = 0; s < sessions; s++) recency[s] = sessionWeight(s, sessions);
  const stepWeights = Float32Array.from({ length: options.window + 1 }, (_, gap) => STEP_DECAY ** (gap - 1));

  const sums = new Float32Array(itemCount * SIGNAL_COUNT);
  const touched = new Int32Array(itemCount);
  const rows = new RowWriter(itemCount, options.rowMax);
  for (let from = 0; from < itemCount; from++) {
    let touchedCount = 0;
    let outNext = 0;
    let outForward = 0;
    let outRecent = 0;
    let inForward = 0;
    const first = Math.max(offsets[from]!, offsets[from + 1]! - options.occurrencesMax);
    for (let o = first; o < offsets[from + 1]!; o++) {
      const at = positions[o]!;
      const session = sessionAt[at]!;
      const start = Math.max(sessionOffsets[session]!, at - options.window);
      const end = Math.min(sessionOffsets[session + 1]!, at + options.window + 1);
      const fresh = recency[session]!;
      for (let q = start; q < end; q++) {
        const to = items[q]!;
        if (to === from) continue;
        const base = to * SIGNAL_COUNT;
        if (sums[base + TOGETHER] === 0) touched[touchedCount++] = to;
        sums[base + TOGETHER]! += 1;
        if (q > at) {
          const weight = stepWeights[q - at]!;
          sums[base + FORWARD]! += weight;
          outForward += weight;
          sums[base + RECENT]! += weight * fresh;
          outRecent += weight * fresh;
          if (q === at + 1) {
            sums[base + NEXT]! += 1;
            outNext += 1;
          }
        } else {
          const weight = stepWeights[at - q]!;
          sums[base + REVERSE]! += weight;
          inForward += weight;
        }
      }
    }
    rows.begin();
    for (let t = 0; t < touchedCount; t++) {
      const to = touched[t]!;
      const base = to * SIGNAL_COUNT;
      sums[base + NEXT]! /= outNext + SHRINK;
      sums[base + FORWARD]! /= outForward + SHRINK;
      sums[base + REVERSE]! /= inForward + SHRINK;
      sums[base + RECENT]! /= outRecent + SHRINK / 4;
      sums[base + TOGETHER]! /= Math.sqrt((visits[from]! + COSINE_DAMPING) * (visits[to]! + COSINE_DAMPING));
      rows.offer(to, sums, base);
    }
    rows.end();
    for (let t = 0; t < touchedCount; t++) sums.fill(0, touched[t]! * SIGNAL_COUNT, (touched[t]! + 1) * SIGNAL_COUNT);
  }
  return rows.finish();
}

/** Fills `hop` by walking `together` twice, and appends the best of the items reached only that way. */
function addHops(direct: Rows, itemCount: number, rowMax: number): Rows {
  const { rowOffsets, neighbours, values } = direct;
  const fans = strongest(direct, itemCount);
  const sums = new Float32Array(itemCount * SIGNAL_COUNT);
  const seen = new Uint8Array(itemCount);
  const touched = new Int32Array(itemCount);
  const rows = new RowWriter(itemCount, rowMax);
  for (let from = 0; from < itemCount; from++) {
    let touchedCount = 0;
    for (let e = rowOffsets[from]!; e < rowOffsets[from + 1]!; e++) {
      const to = neighbours[e]!;
      seen[to] = 1;
      touched[touchedCount++] = to;
      for (let k = 0; k < SIGNAL_COUNT; k++) sums[to * SIGNAL_COUNT + k] = values[e * SIGNAL_COUNT + k]!;
    }
    for (let e = fans.offsets[from]!; e < fans.offsets[from + 1]!; e++) {
      const via = fans.items[e]!;
      const weight = fans.weights[e]!;
      for (let f = fans.offsets[via]!; f < fans.offsets[via + 1]!; f++) {
        const to = fans.items[f]!;
        if (to === from) continue;
        if (seen[to] === 0) {
          seen[to] = 1;
          touched[touchedCount++] = to;
        }
        sums[to * SIGNAL_COUNT + HOP]! += weight * fans.weights[f]!;
      }
    }
    rows.begin();
    for (let t = 0; t < touchedCount; t++) rows.offer(touched[t]!, sums, touched[t]! * SIGNAL_COUNT);
    rows.end();
    for (let t = 0; t < touchedCount; t++) {
      seen[touched[t]!] = 0;
      sums.fill(0, touched[t]! * SIGNAL_COUNT, (touched[t]! + 1) * SIGNAL_COUNT);
    }
  }
  return rows.finish();
}

interface Fans {
  readonly offsets: Uint32Array;
  readonly items: Int32Array;
  /** Shares of the row's kept `together`, so that a walk conserves its weight. */
  readonly weights: Float32Array;
}

function strongest({ rowOffsets, neighbours, values }: Rows, itemCount: number): Fans {
  const offsets = new Uint32Array(itemCount + 1);
  const items = new Int32Array(itemCount * HOP_FANOUT);
  const weights = new Float32Array(itemCount * HOP_FANOUT);
  const best = new TopK(HOP_FANOUT);
  let end = 0;
  for (let from = 0; from < itemCount; from++) {
    best.clear();
    for (let e = rowOffsets[from]!; e < rowOffsets[from + 1]!; e++) best.offer(e, values[e * SIGNAL_COUNT + TOGETHER]!);
    const count = best.sort();
    let total = 0;
    for (let r = 0; r < count; r++) total += best.scores[r]!;
    for (let r = 0; r < count; r++) {
      items[end] = neighbours[best.keys[r]!]!;
      weights[end] = best.scores[r]! / (total + 0.1);
      end++;
    }
    offsets[from + 1] = end;
  }
  return { offsets, items: items.subarray(0, end), weights: weights.subarray(0, end) };
}

/** Writes rows one after the other, each cut to its best `rowMax` by a fixed blend of the signals. */
class RowWriter {
  readonly #rowOffsets: Uint32Array;
  #neighbours: Int32Array;
  #values: Float32Array;
  readonly #best: TopK;
  #row = 0;
  #end = 0;
  #source: Float32Array = new Float32Array(0);

  constructor(itemCount: number, rowMax: number) {
    this.#rowOffsets = new Uint32Array(itemCount + 1);
    this.#neighbours = new Int32Array(1024);
    this.#values = new Float32Array(1024 * SIGNAL_COUNT);
    this.#best = new TopK(rowMax);
  }

  begin(): void {
    this.#best.clear();
  }

  offer(to: number, signals: Float32Array, base: number): void {
    this.#source = signals;
    let blend = 0;
    for (let k = 0; k < SIGNAL_COUNT; k++) blend += ROW_WEIGHTS[k]! * signals[base + k]!;
    this.#best.offer(to, blend);
  }

  end(): void {
    const count = this.#best.sort();
    this.#reserve(count);
    for (let r = 0; r < count; r++) {
      const to = this.#best.keys[r]!;
      this.#neighbours[this.#end] = to;
      for (let k = 0; k < SIGNAL_COUNT; k++) {
        this.#values[this.#end * SIGNAL_COUNT + k] = this.#source[to * SIGNAL_COUNT + k]!;
      }
      this.#end++;
    }
    this.#rowOffsets[++this.#row] = this.#end;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#neighbours.length) return;
    const length = Math.max(this.#end + more, Math.ceil(this.#neighbours.length * 1.6));
    const neighbours = new Int32Array(length);
    neighbours.set(this.#neighbours.subarray(0, this.#end));
    this.#neighbours = neighbours;
    const values = new Float32Array(length * SIGNAL_COUNT);
    values.set(this.#values.subarray(0, this.#end * SIGNAL_COUNT));
    this.#values = values;
  }

  finish(): Rows {
    return {
      rowOffsets: this.#rowOffsets,
      neighbours: this.#neighbours.slice(0, this.#end),
      values: this.#values.slice(0, this.#end * SIGNAL_COUNT),
    };
  }
}

/** Entries of the longest row: bounds the candidates of one query. */
export function longestRow({ rowOffsets, itemCount }: ItemTables): number {
  let longest = 0;
  for (let i = 0; i < itemCount; i++) longest = Math.max(longest, rowOffsets[i + 1]! - rowOffsets[i]!);
  return longest;
}
