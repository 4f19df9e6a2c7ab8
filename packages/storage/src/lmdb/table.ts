import { writeExport } from "../export/write.ts";
import type { ExportOptions, ExportSummary, TableName, TenantTable } from "../ports/tables.ts";
import { isExpired } from "../rows/raw-row.ts";
import { LmdbArrivalFeed } from "./arrivals.ts";
import { LmdbCatalogStore, ReadOnlyCatalogStore } from "./catalogue.ts";
import { type EnvironmentOptions, LmdbEnvironment } from "./environment.ts";
import { LmdbEventStore } from "./events.ts";
import { rawRows } from "./export.ts";
import { LmdbImportLog } from "./imports.ts";
import { LmdbServedLog } from "./served.ts";

export interface LmdbTableOptions extends EnvironmentOptions {
  readonly now: () => number;
  readonly feedRetentionMs: number;
}

/** One open directory and the ports over it. */
export class LmdbTable {
  readonly #env: LmdbEnvironment;
  readonly #now: () => number;
  readonly #events: LmdbEventStore;
  readonly #arrivals: LmdbArrivalFeed;
  readonly #served: LmdbServedLog;
  readonly #catalogue: LmdbCatalogStore;
  readonly #imports: LmdbImportLog;

  constructor(path: string, options: LmdbTableOptions) {
    this.#env = new LmdbEnvironment(path, options);
    this.#now = options.now;
    this.#events = new LmdbEventStore(this.#env, options.now);
    this.#arrivals = new LmdbArrivalFeed(this.#env, options.now);
    this.#served = new LmdbServedLog(this.#env, options.now);
    this.#catalogue = new LmdbCatalogStore(this.#env, options.now, options.feedRetentionMs);
    this.#imports = new LmdbImportLog(this.#env);
  }

  /** `live` is the table whose catalogue is shown, when it is not this one. */
  lease(name: TableName, close: () => Promise<void>, live?: LmdbTable): TenantTable {
    return {
      name,
      events: this.#events,
      arrivals: this.#arrivals,
      served: this.#served,
      catalogue: live ? new ReadOnlyCatalogStore(live.#catalogue) : this.#catalogue,
      imports: this.#imports,
      exportTo: (dir, options) => this.#exportTo(dir, name, options),
      sweep: () => this.#sweep(),
      stats: () => this.#env.stats(),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  close(): Promise<void> {
    return this.#env.close();
  }

  #exportTo(dir: string, name: TableName, options: ExportOptions): Promise<ExportSummary> {
    const table = `endcap-${name.env}-${name.tenant}`;
    return writeExport(dir, { ...options, table }, rawRows(this.#env, options.now));
  }

  async #sweep(): Promise<number> {
    let removed = 0;
    for await (const rows of this.#env.chunks(["S#", ""], ["S$", ""])) {
      const now = this.#now();
      const gone = rows.filter(({ value }) => isExpired(value, now));
      if (gone.length > 0) await this.#env.write(0, (db) => gone.map(({ key }) => db.remove(key)));
      removed += gone.length;
    }
    return removed + (await this.#arrivals.sweep()) + (await this.#catalogue.sweep());
  }
}
