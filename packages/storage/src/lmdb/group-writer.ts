/**
 * Group commit: one transaction is under way at a time; what arrives meanwhile goes into the next one together. A
 * promise resolves when its transaction is on stable storage.
 *
 * Why not lmdb-js's own batching by event turn: a failed commit (a full disk) rejects a promise of its own that nobody
 * can reach, which ends the process; and `db.transaction()` never settles after one. Explicit batches do neither.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { commitError } from "./commit-error.ts";
import type { RowDatabase } from "./row-database.ts";

/** Queues conditional writes and answers their outcomes, `true` where the condition held. Runs inside a batch. */
export type Enqueue = (db: RowDatabase) => Promise<boolean>[];

interface Write {
  readonly enqueue: Enqueue;
  readonly bytes: number;
  readonly resolve: (outcomes: boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A transaction holds its dirty pages in memory. */
const GROUP_BYTES_MAX = 32 * 1024 * 1024;

export class GroupWriter {
  readonly #db: RowDatabase;
  readonly #path: string;
  #queue: Write[] = [];
  #running: Promise<void> | undefined;

  constructor(db: RowDatabase, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** `bytes`: about how much it writes; bounds a group. @throws EndcapError `storage_full`, `storage_unavailable` */
  write(bytes: number, enqueue: Enqueue): Promise<boolean[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ enqueue, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything written so far has settled. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whoever was answered just now, and everyone of this event turn, gets into the next group.
      await nextTurn();
      await this.#commit(this.#nextGroup());
    }
    this.#running = undefined;
  }

  #nextGroup(): Write[] {
    let bytes = 0;
    let count = 0;
    for (const write of this.#queue) {
      bytes += write.bytes;
      if (count > 0 && bytes > GROUP_BYTES_MAX) break;
      count++;
    }
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return group;
  }

  async #commit(group: Write[]): Promise<void> {
    const started: { write: Write; outcomes: Promise<boolean>[] }[] = [];
    const committed = this.#db.batch(() => {
      for (const write of group) {
        try {
          started.push({ write, outcomes: write.enqueue(this.#db) });
        } catch (error) {
          write.reject(error);
        }
      }
    });
    // Every promise of a failed commit rejects; all of them have to be waited for, or one would be an unhandled rejection.
    const settled = await Promise.allSettled([committed, ...started.flatMap(({ outcomes }) => outcomes)]);
    const failure = settled.find((result) => result.status === "rejected");
    if (failure) {
      const bytes = group.reduce((sum, write) => sum + write.bytes, 0);
      const error = await commitError(this.#path, failure.reason, bytes);
      for (const { write } of started) write.reject(error);
      return;
    }
    for (const { write, outcomes } of started) write.resolve(await Promise.all(outcomes));
  }
}
