import type { Environment, ServedRecord } from "@endcap/protocol";
import type { TenantTable } from "@endcap/storage";
import type { FastifyBaseLogger } from "fastify";

/** Records that may wait; past that the oldest answers go unlogged, which `dropped` counts. */
const queueMax = 10_000;
/** A commit costs the same for one record and for fifty: what is answered meanwhile goes with it. */
const lingerMs = 500;
/** Records that wait for nobody else. */
const companyMax = 50;

/** Writes served lists behind the answers, many in one commit. One writer an environment. */
export class ServedWriter {
  readonly #log: Pick<FastifyBaseLogger, "error">;
  readonly #retentionMs: number;
  readonly #queues = new Map<Environment, { table: TenantTable; records: ServedRecord[] }>();
  #writing: Promise<void> | undefined;
  #hurry: () => void = () => undefined;
  #flushing = false;
  dropped = 0;
  written = 0;

  constructor(log: Pick<FastifyBaseLogger, "error">, retentionMs: number) {
    this.#log = log;
    this.#retentionMs = retentionMs;
  }

  add(env: Environment, table: TenantTable, record: ServedRecord): void {
    let queue = this.#queues.get(env);
    if (queue === undefined) {
      queue = { table, records: [] };
      this.#queues.set(env, queue);
    }
    if (queue.records.length >= queueMax) {
      queue.records.shift();
      this.dropped++;
    }
    queue.records.push(record);
    if (queue.records.length >= companyMax) this.#hurry();
    this.#writing ??= this.#write();
  }

  /** Resolves when everything that was added is written. */
  async flush(): Promise<void> {
    this.#flushing = true;
    while (this.#writing !== undefined) {
      this.#hurry();
      await this.#writing;
    }
    this.#flushing = false;
  }

  async #write(): Promise<void> {
    await this.#linger();
    for (let pending = this.#take(); pending.length > 0; pending = this.#take()) {
      for (const { table, records } of pending) {
        try {
          await table.served.put(records, {
            expiresAt: Date.parse((records[0] as ServedRecord).at) + this.#retentionMs,
          });
          this.written += records.length;
        } catch (error) {
          this.dropped += records.length;
          this.#log.error({ err: error, records: records.length }, "served lists could not be logged");
        }
      }
      await this.#linger();
    }
    this.#writing = undefined;
  }

  /** Waits for company, or until somebody hurries. */
  async #linger(): Promise<void> {
    if (this.#flushing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(): { table: TenantTable; records: ServedRecord[] }[] {
    const taken = [];
    for (const queue of this.#queues.values()) {
      if (queue.records.length === 0) continue;
      taken.push({ table: queue.table, records: queue.records });
      queue.records = [];
    }
    return taken;
  }
}
