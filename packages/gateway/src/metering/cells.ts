import { LATENCY_BOUNDS_MS, type Principal, type Tier } from "@endcap/protocol";
import { latencyClass, type UsageRow } from "./usage-row.ts";

/** What tells rows of one tenant apart; one object for all tenants. */
export interface RowKind {
  readonly env: Principal["env"];
  readonly method: string;
  readonly pattern: string;
  /** Both, as a row spells them. */
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
}

/**
 * Where the numbers of a row are: `block[at]` and those behind it. With thousands of tenants asked in turn, fetching its
 * numbers is what counting costs, so the usual ones of a row are one line of the processor's cache. The first number
 * belongs to whoever holds the place.
 */
export interface Place {
  readonly block: Float64Array;
  readonly at: number;
}

/** A row that is still counted in. */
export interface Cell extends Place {
  readonly kind: RowKind | undefined;
  /** The tenant's next. */
  next: Cell | undefined;
}

/** `began` is a millisecond more than the Unix time since when is counted: 0 is a row without counts. */
const [events, sumMs, began, latency] = [1, 2, 3, 4];
const classes = LATENCY_BOUNDS_MS.length + 1;
/** Two lines of 64 bytes: what is held, events, time and beginning with durations up to 10 ms, and the longer ones. */
const placeLength = latency + classes;
const placesPerBlock = 1_024;
/** The allocator puts 16 bytes of its own before blocks of this size, which begin at a page. */
const untilLine = 48;

const free: Place[] = [];

/** A place for as long as the process lives, or until it is given back. */
export function takePlace(): Place {
  const place = free.pop();
  if (place !== undefined) return place;
  const bytes = Float64Array.BYTES_PER_ELEMENT * placeLength * placesPerBlock;
  const block = new Float64Array(new ArrayBuffer(untilLine + bytes), untilLine);
  for (let at = block.length - placeLength; at > 0; at -= placeLength) free.push({ block, at });
  return { block, at: 0 };
}

/** The place is not used any more: it is another's. */
export function giveBack({ block, at }: Place): void {
  block.fill(0, at, at + placeLength);
  free.push({ block, at });
}

/** @param windowAt Unix ms since when is counted, should these be the first */
export function countRequest(place: Place, windowAt: number, ms: number): void {
  begin(place, windowAt);
  add(place, sumMs, ms);
  add(place, latency + latencyClass(ms), 1);
}

export function countEvents(place: Place, windowAt: number, accepted: number): void {
  begin(place, windowAt);
  add(place, events, accepted);
}

/** What was counted in the tenant's cell, which begins anew; undefined when that is nothing. */
export function takeRow({ kind, block, at }: Cell, tenant: string, tier: Tier | undefined): UsageRow | undefined {
  const since = block[at + began] ?? 0;
  if (kind === undefined || since === 0) return undefined;
  const counts: number[] = [];
  let requests = 0;
  for (let of = at + latency; of < at + placeLength; of++) {
    const count = block[of] ?? 0;
    counts.push(count);
    requests += count;
  }
  const { env, route, status, code } = kind;
  const row: UsageRow = {
    at: since - 1,
    tenant,
    tier,
    env,
    route,
    status,
    code,
    requests,
    events: block[at + events] ?? 0,
    ms: block[at + sumMs] ?? 0,
    latency: counts,
  };
  block.fill(0, at + 1, at + placeLength);
  return row;
}

function begin({ block, at }: Place, windowAt: number): void {
  if (block[at + began] === 0) block[at + began] = windowAt + 1;
}

function add({ block, at }: Place, which: number, count: number): void {
  block[at + which] = (block[at + which] ?? 0) + count;
}
