import { LATENCY_BOUNDS_MS, type Principal } from "@endcap/protocol";
import { latencyClass, type UsageRow } from "./usage-row.ts";

/** What tells rows of one tenant apart; one object for all tenants. */
export interface RowKind {
  readonly env: Principal["env"];
  readonly method: string;
  readonly pattern: string;
  readonly status: number;
  readonly code: string | undefined;
}

/** A row that is still counted in: its numbers are `block[at]` and the few behind it. */
export interface Cell {
  readonly kind: RowKind;
  readonly block: Float64Array;
  readonly at: number;
  /** The tenant's next. */
  next: Cell | undefined;
}

/**
 * Numbers of many tenants in blocks of doubles. A tenant's are two lines of the processor's cache, where a row with an
 * array and a sum of its own is seven: with thousands of tenants asked in turn, fetching them is what counting costs.
 */
export interface Cells {
  add(kind: RowKind, next: Cell | undefined): Cell;
  /** The cell is not used any more: its place is another's. */
  remove(cell: Cell): void;
}

const [requests, events, sumMs, windowStart, latency] = [0, 1, 2, 3, 4];
const classes = LATENCY_BOUNDS_MS.length + 1;
const cellLength = latency + classes;
const cellsPerBlock = 1_024;

export function createCells(): Cells {
  const free: Pick<Cell, "block" | "at">[] = [];

  /** The first place of a new block; the others are free. */
  function newBlock(): Pick<Cell, "block" | "at"> {
    const block = new Float64Array(cellLength * cellsPerBlock);
    for (let at = block.length - cellLength; at > 0; at -= cellLength) free.push({ block, at });
    return { block, at: 0 };
  }

  return {
    add(kind, next) {
      const { block, at } = free.pop() ?? newBlock();
      return { kind, block, at, next };
    },
    remove({ block, at }) {
      block.fill(0, at, at + cellLength);
      free.push({ block, at });
    },
  };
}

/** @param windowAt Unix ms since when is counted, should these be the first */
export function countRequest(cell: Cell, windowAt: number, ms: number): void {
  begin(cell, windowAt);
  add(cell, requests, 1);
  add(cell, sumMs, ms);
  add(cell, latency + latencyClass(ms), 1);
}

export function countEvents(cell: Cell, windowAt: number, accepted: number): void {
  begin(cell, windowAt);
  add(cell, events, accepted);
}

/** What was counted in the tenant's cell, which begins anew; undefined when that is nothing. */
export function takeRow(cell: Cell, tenant: string): UsageRow | undefined {
  if (isEmpty(cell)) return undefined;
  const { kind, block, at } = cell;
  const { env, method, pattern, status, code } = kind;
  const counts = new Array<number>(classes);
  for (let of = 0; of < classes; of++) counts[of] = block[at + latency + of] ?? 0;
  const row = {
    at: numberOf(cell, windowStart),
    tenant,
    env,
    route: `${method} ${pattern}`,
    status,
    ...(code !== undefined && { code }),
    requests: numberOf(cell, requests),
    events: numberOf(cell, events),
    ms: numberOf(cell, sumMs),
    latency: counts,
  };
  block.fill(0, at, at + cellLength);
  return row;
}

function begin(cell: Cell, windowAt: number): void {
  if (isEmpty(cell)) cell.block[cell.at + windowStart] = windowAt;
}

const isEmpty = (cell: Cell): boolean => numberOf(cell, requests) === 0 && numberOf(cell, events) === 0;

const numberOf = ({ block, at }: Cell, which: number): number => block[at + which] ?? 0;

function add({ block, at }: Cell, which: number, count: number): void {
  block[at + which] = (block[at + which] ?? 0) + count;
}
