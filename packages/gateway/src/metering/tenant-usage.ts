import type { Tier } from "@endcap/protocol";
import { Bucket } from "../limits/gcra.ts";
import type { SharedUse } from "../shared/shared-rates.ts";
import { type Cell, type RowKind, takePlace } from "./cells.ts";

/**
 * What a tenant has in use and what it used, in one object, which is the bucket of its rate and its first row as well: a
 * request that knows its tenant looks nothing up by its id, and fetches little of memory that others' requests have pushed
 * out of the processor's caches. It outlives changes of the tenant, which must not give it its burst anew.
 */
export class TenantUsage extends Bucket implements Cell {
  readonly block: Float64Array;
  readonly at: number;
  /** What its own row counts; the usual, as it comes first. */
  kind: RowKind | undefined;
  /** Requests that are not answered yet. */
  inFlight = 0;
  /** Whether it waits for being handed over. */
  waits = false;
  /** Live events of the running month that control has, from all gateways. */
  total = 0;
  /** And those that were counted here and are not yet known to control. */
  unreported = 0;
  /** Events that were accepted here since the process started. */
  acceptedLive = 0;
  acceptedTest = 0;
  /** Its other rows; a handful. */
  next: Cell | undefined;
  readonly tenant: string;
  /** The tenant's when its context was last made: its rows are of that tier, and none is looked up for it. */
  tier: Tier | undefined;
  /** Where gateways share buckets: what this one holds of the tenant's. */
  shared: SharedUse | undefined;

  constructor(tenant: string) {
    super();
    const { block, at } = takePlace();
    this.block = block;
    this.at = at;
    this.tenant = tenant;
  }

  protected override get emptyAt(): number {
    return this.block[this.at] ?? 0;
  }

  protected override set emptyAt(time: number) {
    this.block[this.at] = time;
  }
}

/** Of the month so far. */
export const eventsOf = ({ total, unreported }: TenantUsage): number => total + unreported;
