import type { TestRow } from "./test-row.ts";

/** A task as rankers get it: item indices of the training log; ids it never saw are left out. */
export interface Task {
  /** Oldest first, the first `count` are valid. */
  readonly items: Int32Array;
  count: number;
  /** Unix seconds of the last event, or undefined. */
  at: number | undefined;
  /** The same in ids, with all that is known of the shopper. */
  row: TestRow;
}

/** What the evaluation compares. */
export interface Ranker {
  readonly name: string;
  /**
   * Writes the best items to `out`, best first, and returns how many; -1 is an item that the log does not hold. With `novel`
   * the task's own items must not appear.
   */
  rank(task: Task, novel: boolean, out: Int32Array): number;
}
