/** Bounded concurrency over a stream: the source is read only as fast as workers finish, so memory stays flat. */

export type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Runs `work` on every value, at most `concurrency` at once. The first failure stops reading, waits for the workers that
 * are under way, closes the source, and rejects.
 */
export async function forEachConcurrently<T>(
  source: Source<T>,
  concurrency: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const active = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const value of source) {
      const task: Promise<void> = work(value)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => active.delete(task));
      active.add(task);
      if (active.size >= concurrency) await Promise.race(active);
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(active);
  }
  if (failures.length > 0) throw failures[0];
}
