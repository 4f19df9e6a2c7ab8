import { mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EndcapError, type Environment, isTenantId } from "@endcap/protocol";
import { checkDataVersion } from "../data-version.ts";
import type { TableName, Tables, TablesOptions, TenantTable } from "../ports/tables.ts";
import { translateErrors } from "../storage-errors.ts";
import type { EnvironmentOptions } from "./environment.ts";
import { LmdbTable } from "./table.ts";

const OPEN_MAX = 64;
const FEED_RETENTION_MS = 24 * 3600_000;
const ENVIRONMENTS: readonly Environment[] = ["live", "test"];

export interface LmdbTablesOptions extends TablesOptions, EnvironmentOptions {}

/** A table that is open, and how many leases hold it. */
interface Open {
  readonly table: LmdbTable;
  leases: number;
  /** Called when the last lease ends while someone waits for that. */
  idle: (() => void)[];
}

/** Tables in `<dir>/<tenant>/<env>`. @throws EndcapError `data_dir_newer` */
export function openLmdbTables(dir: string, options: LmdbTablesOptions = {}): Tables {
  checkDataVersion(dirname(dir));
  checkDataVersion(dir);
  return new LmdbTables(dir, options);
}

class LmdbTables implements Tables {
  readonly #dir: string;
  readonly #options: LmdbTablesOptions;
  readonly #openMax: number;
  /** Least recently used first. */
  readonly #open = new Map<string, Open>();
  /** Tables that are being opened, closed or deleted; whoever wants them waits. */
  readonly #busy = new Map<string, Promise<void>>();
  #closed = false;

  constructor(dir: string, options: LmdbTablesOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#openMax = options.openMax ?? OPEN_MAX;
  }

  async open(name: TableName): Promise<TenantTable> {
    if (!isTenantId(name.tenant)) throw new EndcapError("tenant_not_found", { internal: "not a tenant id" });
    // The test environment shows the live catalogue, so it holds the live table as well.
    const live = await this.#acquire({ tenant: name.tenant, env: "live" });
    if (name.env === "live") return this.#lease(live, name, [live]);
    try {
      const test = await this.#acquire(name);
      return this.#lease(test, name, [test, live], live.table);
    } catch (error) {
      this.#release(live);
      throw error;
    }
  }

  async eraseTenant(tenant: string): Promise<void> {
    if (!isTenantId(tenant)) throw new EndcapError("tenant_not_found", { internal: "not a tenant id" });
    for (const env of ENVIRONMENTS) {
      const path = this.#path({ tenant, env });
      await this.#alone(path, async () => {
        const entry = this.#open.get(path);
        if (entry && entry.leases > 0) await new Promise<void>((resolve) => entry.idle.push(resolve));
        await this.#close(path);
        await rm(path, { recursive: true, force: true });
      });
    }
    await rm(join(this.#dir, tenant, "exports"), { recursive: true, force: true });
    // What is left belongs to others (models): the directory goes when they are gone as well.
    await rmdir(join(this.#dir, tenant)).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#busy.values());
    await Promise.all([...this.#open.keys()].map((path) => this.#alone(path, () => this.#close(path))));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #acquire(name: TableName): Promise<Open> {
    const path = this.#path(name);
    for (;;) {
      while (this.#busy.has(path)) await this.#busy.get(path);
      if (this.#closed) throw new EndcapError("draining", { internal: "the tables are closed" });
      const entry = this.#open.get(path);
      if (entry) {
        entry.leases++;
        this.#open.delete(path);
        this.#open.set(path, entry);
        this.#shrink();
        return entry;
      }
      // Nobody else is at it and nothing was awaited since: this call opens it, others wait above.
      let opened: Open | undefined;
      await this.#alone(path, async () => {
        opened = await this.#openTable(path);
      });
      if (opened) return opened;
    }
  }

  /** Opens a table with a first lease on it; `undefined` when all is being closed. */
  async #openTable(path: string): Promise<Open | undefined> {
    const { now = Date.now, feedRetentionMs = FEED_RETENTION_MS } = this.#options;
    return translateErrors(this.#dir, async () => {
      await mkdir(path, { recursive: true });
      if (this.#closed) return undefined;
      const table = new LmdbTable(path, { ...this.#options, now, feedRetentionMs });
      const entry: Open = { table, leases: 1, idle: [] };
      this.#open.set(path, entry);
      this.#shrink();
      return entry;
    });
  }

  #lease(entry: Open, name: TableName, held: readonly Open[], live?: LmdbTable): TenantTable {
    let ended = false;
    const close = async () => {
      if (ended) return;
      ended = true;
      for (const each of held) this.#release(each);
    };
    return entry.table.lease(name, close, live);
  }

  #release(entry: Open): void {
    entry.leases--;
    if (entry.leases > 0) return;
    for (const resolve of entry.idle.splice(0)) resolve();
    this.#shrink();
  }

  /** Closes idle tables while too many are open. When all have leases, more than `openMax` stay open until one ends. */
  #shrink(): void {
    if (this.#open.size <= this.#openMax) return;
    let excess = this.#open.size - this.#openMax;
    for (const [path, entry] of this.#open) {
      if (excess === 0) return;
      if (entry.leases > 0 || this.#busy.has(path)) continue;
      excess--;
      void this.#alone(path, () => this.#close(path));
    }
  }

  async #close(path: string): Promise<void> {
    const entry = this.#open.get(path);
    this.#open.delete(path);
    await entry?.table.close();
  }

  /** Runs `work` while nobody else opens, closes or deletes this table. */
  async #alone(path: string, work: () => Promise<void>): Promise<void> {
    while (this.#busy.has(path)) await this.#busy.get(path);
    const done = work();
    const over = () => {
      this.#busy.delete(path);
    };
    this.#busy.set(path, done.then(over, over));
    await done;
  }

  #path({ tenant, env }: TableName): string {
    return join(this.#dir, tenant, env);
  }
}
