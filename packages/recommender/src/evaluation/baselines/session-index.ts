import { type InteractionLog, sessionCount } from "../../model/index.ts";
import type { Task } from "../ranker.ts";

/** Which sessions hold an item, newest first, and which distinct items a session holds: what all session kNNs stand on. */
export class SessionIndex {
  readonly log: InteractionLog;
  readonly sessions: number;
  readonly #starts: Uint32Array;
  readonly #postings: Uint32Array;
  readonly #distinctOffsets: Uint32Array;
  readonly #distinct: Int32Array;
  /** log(sessions / clicks of the item), as the session-rec framework counts it. */
  readonly idf: Float64Array;

  constructor(log: InteractionLog) {
    this.log = log;
    this.sessions = sessionCount(log);
    const itemCount = log.itemIds.length;
    const clicks = new Float64Array(itemCount);
    const distinct = new Uint32Array(itemCount + 1);
    const last = new Int32Array(itemCount).fill(-1);
    this.#eachClick((session, item) => {
      clicks[item]! += 1;
      if (last[item] !== session) distinct[item + 1]! += 1;
      last[item] = session;
    });
    for (let i = 1; i <= itemCount; i++) distinct[i]! += distinct[i - 1]!;
    this.#starts = distinct;
    this.#postings = new Uint32Array(distinct[itemCount]!);
    const end = distinct.slice(1);
    last.fill(-1);
    this.#eachClick((session, item) => {
      if (last[item] === session) return;
      last[item] = session;
      end[item]! -= 1;
      this.#postings[end[item]!] = session;
    });
    this.#distinctOffsets = new Uint32Array(this.sessions + 1);
    this.#distinct = new Int32Array(this.#postings.length);
    let count = 0;
    last.fill(-1);
    this.#eachClick((session, item) => {
      if (last[item] !== session) this.#distinct[count++] = item;
      last[item] = session;
      this.#distinctOffsets[session + 1] = count;
    });
    this.idf = clicks.map((count) => Math.log(this.sessions / Math.max(1, count)));
  }

  /** Sessions with the item, newest first, at most `limit`. */
  sessionsOf(item: number, limit: number): Uint32Array {
    const start = this.#starts[item]!;
    return this.#postings.subarray(start, Math.min(this.#starts[item + 1]!, start + limit));
  }

  /** The session's clicks in order, repeats included. */
  itemsOf(session: number): Int32Array {
    return this.log.items.subarray(this.log.sessionOffsets[session], this.log.sessionOffsets[session + 1]);
  }

  /** The session's items, each once, in the order of their first clicks. */
  distinctOf(session: number): Int32Array {
    return this.#distinct.subarray(this.#distinctOffsets[session], this.#distinctOffsets[session + 1]);
  }

  #eachClick(visit: (session: number, item: number) => void): void {
    for (let session = 0; session < this.sessions; session++) {
      for (const item of this.itemsOf(session)) visit(session, item);
    }
  }
}

/**
 * The `limit` most recent sessions that share an item with the task. Each item's own newest `limit` are enough to find them.
 */
export function recentNeighbours(index: SessionIndex, items: Iterable<number>, limit: number): number[] {
  const found = new Set<number>();
  for (const item of items) for (const session of index.sessionsOf(item, limit)) found.add(session);
  return [...found].sort((a, b) => b - a).slice(0, limit);
}

export interface Neighbour {
  readonly session: number;
  readonly similarity: number;
}

/** How many clicks back in the task each of its items was clicked last, 1 = the last click. */
export function clicksBack({ items, count }: Task): Map<number, number> {
  const back = new Map<number, number>();
  for (let i = 0; i < count; i++) back.set(items[i]!, count - i);
  return back;
}

/** Of the items of a session, the fewest clicks back that one of them was clicked in the task. */
export function nearestClick(distinct: Int32Array, back: ReadonlyMap<number, number>): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const item of distinct) nearest = Math.min(nearest, back.get(item) ?? Number.POSITIVE_INFINITY);
  return nearest;
}

/** The `k` most similar; of equals the more recent. */
export function nearest(neighbours: Neighbour[], k: number): Neighbour[] {
  return neighbours.sort((a, b) => b.similarity - a.similarity || b.session - a.session).slice(0, k);
}
