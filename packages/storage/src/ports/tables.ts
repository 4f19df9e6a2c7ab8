import type { Environment } from "@endcap/protocol";
import type { ArrivalFeed } from "./arrival-feed.ts";
import type { CatalogStore } from "./catalog-store.ts";
import type { EventStore } from "./event-store.ts";
import type { ImportLog } from "./import-log.ts";
import type { ServedLog } from "./served-log.ts";

export interface TableName {
  /** `tnt-…` */
  readonly tenant: string;
  readonly env: Environment;
}

export interface TableStats {
  /** Rows of every kind. */
  readonly rows: number;
  /** Bytes on disk, free pages included. */
  readonly bytes: number;
  /** Bytes of those that are free for new rows. */
  readonly bytesFree: number;
}

export interface ExportOptions {
  /** Names the export below `AWSDynamoDB/`: letters, digits, `-` and `_`. */
  readonly exportId: string;
  /** Unix milliseconds: the export's time, and what counts as expired. */
  readonly now: number;
}

export interface ExportSummary {
  /** `<dir>/AWSDynamoDB/<exportId>`: what `readExport` takes. */
  readonly path: string;
  readonly rows: number;
  readonly events: number;
  /** Compressed bytes. */
  readonly bytes: number;
}

/** A lease on one tenant's table of one environment. Close it when the work is done; leases of one process share what is open. */
export interface TenantTable extends AsyncDisposable {
  readonly name: TableName;
  readonly events: EventStore;
  readonly arrivals: ArrivalFeed;
  readonly served: ServedLog;
  /** The live catalogue, read-only in the test environment. */
  readonly catalogue: CatalogStore;
  readonly imports: ImportLog;
  /**
   * Writes the whole table in the layout of DynamoDB's export to S3. `manifest-summary.json` appears last and at once:
   * an export without it is not one. Rows committed before the call are in it; memory stays flat.
   */
  exportTo(dir: string, options: ExportOptions): Promise<ExportSummary>;
  /** Removes expired rows and what the feeds no longer need; resolves to the number of rows removed. */
  sweep(): Promise<number>;
  stats(): Promise<TableStats>;
  /** Ends the lease. Idempotent. The table itself stays open while others use it, and for a while after. */
  close(): Promise<void>;
}

export interface TablesOptions {
  /** Unix milliseconds; the system's clock by default. Decides what has expired. */
  readonly now?: () => number;
  /** Tables kept open, least recently used closed first, never one with a lease. Default 64. */
  readonly openMax?: number;
  /** How far back the catalogue's change feed reaches. Default 24 hours. */
  readonly feedRetentionMs?: number;
}

/** All tenants' tables at one location. */
export interface Tables extends AsyncDisposable {
  /** Makes the table on first use. Cheap when it is open already. */
  open(name: TableName): Promise<TenantTable>;
  /** Deletes both tables of a tenant and its exports, for ever. Waits for this process's leases on them to end; other processes must have let go. */
  eraseTenant(tenant: string): Promise<void>;
  /** Waits for what is under way, then closes everything. Leases are void after it. */
  close(): Promise<void>;
}
