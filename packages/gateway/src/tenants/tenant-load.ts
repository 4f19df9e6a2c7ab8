import { Gcra } from "../limits/gcra.ts";
import type { TenantUsage } from "../metering/tenant-usage.ts";
import { newSharedUse, type SharedUse } from "../shared/shared-rates.ts";

/** What a tenant has in use, and what it used; the bucket of its rate is this object itself. It outlives changes of the tenant. */
export class TenantLoad extends Gcra {
  inFlight = 0;
  readonly usage: TenantUsage;
  readonly shared: SharedUse = newSharedUse();

  constructor(usage: TenantUsage) {
    super();
    this.usage = usage;
  }
}
