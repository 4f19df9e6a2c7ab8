import type { Environment } from "@endcap/protocol";
import type { MonthEvents } from "./ledger.ts";
import type { UsageRow } from "./usage-row.ts";

/** A row that is still counted in, with what tells it apart from the tenant's others. */
export interface Cell extends UsageRow {
  readonly method: string;
  readonly pattern: string;
}

/** Everything that is counted of one tenant, in one place: a request that knows its tenant looks nothing up by its id. */
export interface TenantUsage {
  readonly tenant: string;
  /** Counted since they were last handed over; a handful. */
  cells: Cell[];
  readonly month: MonthEvents;
  /** Events that were accepted here since the process started. */
  readonly accepted: Record<Environment, number>;
}
