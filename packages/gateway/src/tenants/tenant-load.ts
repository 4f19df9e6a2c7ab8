import { Gcra } from "../limits/gcra.ts";
import type { TenantUsage } from "../metering/tenant-usage.ts";
import { newSharedUse, type SharedUse } from "../shared/shared-rates.ts";

/** What a tenant has in use, and what it used. It outlives changes of the tenant. */
export interface TenantLoad {
  readonly rate: Gcra;
  inFlight: number;
  readonly shared: SharedUse;
  readonly usage: TenantUsage;
}

export function newTenantLoad(usage: TenantUsage): TenantLoad {
  return { rate: new Gcra(), inFlight: 0, shared: newSharedUse(), usage };
}
