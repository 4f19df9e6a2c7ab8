import { EndcapError } from "@endcap/protocol";
import type { AppendBatch, AppendResult, TableName, Tables } from "@endcap/storage";

interface Waiting {
  readonly batch: AppendBatch;
  readonly bytes: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  readonly name: TableName;
  waiting: Waiting[];
}

/**
 * One group commit a table for everything that arrives together: the batches of one turn of the event loop, and then
 * whatever came while the commit before was on its way to the disk. What waits is bounded in payload bytes.
 */
export class GroupAppender {
  readonly #tables: Tables;
  readonly #pendingBytesMax: number;
  readonly #queues = new Map<string, Queue>();
  #pendingBytes = 0;

  constructor(tables: Tables, pendingBytesMax: number) {
    this.#tables = tables;
    this.#pendingBytesMax = pendingBytesMax;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Resolves when the batch is on stable storage. `bytes` is the size of its payload.
   * @throws EndcapError `overloaded`, and what `EventStore.append` throws: then nothing of the group was stored
   */
  append(name: TableName, batch: AppendBatch, bytes: number): Promise<AppendResult> {
    if (this.#pendingBytes + bytes > this.#pendingBytesMax) {
      return Promise.reject(new EndcapError("overloaded", { internal: "too many payload bytes wait for storage" }));
    }
    this.#pendingBytes += bytes;
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    const waiting = { batch, bytes, resolve, reject };
    const key = `${name.tenant}/${name.env}`;
    const queue = this.#queues.get(key);
    if (queue) {
      queue.waiting.push(waiting);
    } else {
      const started = { name, waiting: [waiting] };
      this.#queues.set(key, started);
      setImmediate(() => void this.#drain(key, started));
    }
    return promise;
  }

  async #drain(key: string, queue: Queue): Promise<void> {
    while (queue.waiting.length > 0) {
      const group = queue.waiting;
      queue.waiting = [];
      await this.#commit(queue.name, group);
    }
    this.#queues.delete(key);
  }

  async #commit(name: TableName, group: readonly Waiting[]): Promise<void> {
    const [outcome] = await Promise.allSettled([this.#append(name, group)]);
    for (const { bytes } of group) this.#pendingBytes -= bytes;
    for (const [index, { resolve, reject }] of group.entries()) {
      if (outcome.status === "fulfilled") resolve(outcome.value[index] as AppendResult);
      else reject(outcome.reason);
    }
  }

  async #append(name: TableName, group: readonly Waiting[]): Promise<AppendResult[]> {
    await using table = await this.#tables.open(name);
    return await table.events.append(group.map(({ batch }) => batch));
  }
}
