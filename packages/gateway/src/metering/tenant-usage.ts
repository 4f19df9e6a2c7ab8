import type { Cell } from "./cells.ts";

/**
 * Everything that is counted of one tenant, in one object: a request that knows its tenant looks nothing up by its id, and
 * fetches little of memory that others' requests have pushed out of the processor's caches.
 */
export interface TenantUsage {
  readonly tenant: string;
  /** Live events of the running month that control has, from all gateways. */
  total: number;
  /** And those that were counted here and are not yet known to control. */
  unreported: number;
  /** Counted since they were last handed over, or in the window before; a handful. */
  cells: Cell | undefined;
  /** Whether it waits for being handed over. */
  waits: boolean;
  /** Events that were accepted here since the process started. */
  acceptedLive: number;
  acceptedTest: number;
}

export function newTenantUsage(tenant: string): TenantUsage {
  return { tenant, total: 0, unreported: 0, cells: undefined, waits: false, acceptedLive: 0, acceptedTest: 0 };
}

/** Of the month so far. */
export const eventsOf = ({ total, unreported }: TenantUsage): number => total + unreported;
