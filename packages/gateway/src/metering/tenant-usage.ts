import { Gcra } from "../limits/gcra.ts";
import type { SharedUse } from "../shared/shared-rates.ts";
import type { Cell } from "./cells.ts";

/**
 * What a tenant has in use and what it used, in one object, which is the bucket of its rate as well: a request that knows
 * its tenant looks nothing up by its id, and fetches little of memory that others' requests have pushed out of the
 * processor's caches. It outlives changes of the tenant, which must not give it its burst anew.
 */
export class TenantUsage extends Gcra {
  readonly tenant: string;
  /** Requests that are not answered yet. */
  inFlight = 0;
  /** Counted since they were last handed over, or in the window before; a handful. */
  cells: Cell | undefined;
  /** Whether it waits for being handed over. */
  waits = false;
  /** Live events of the running month that control has, from all gateways. */
  total = 0;
  /** And those that were counted here and are not yet known to control. */
  unreported = 0;
  /** Events that were accepted here since the process started. */
  acceptedLive = 0;
  acceptedTest = 0;
  /** Where gateways share buckets: what this one holds of the tenant's. */
  shared: SharedUse | undefined;

  constructor(tenant: string) {
    super();
    this.tenant = tenant;
  }
}

/** Of the month so far. */
export const eventsOf = ({ total, unreported }: TenantUsage): number => total + unreported;
