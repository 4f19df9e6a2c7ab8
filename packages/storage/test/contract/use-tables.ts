import type { Tables, TablesOptions, TenantTable } from "@endcap/storage";
import { afterEach, beforeEach } from "vitest";
import { NOON, TENANT } from "./fixtures.ts";
import type { TablesAdapter, TablesPlace } from "./suite.ts";

/** Fresh tables for each test of a describe block, and a clock that only the test moves. */
export interface Bench {
  readonly now: () => number;
  advance(ms: number): void;
  /** The live table of TENANT. */
  readonly table: TenantTable;
  readonly tables: Tables;
  /** Tables of another process, as far as the adapter is concerned. */
  another(options?: TablesOptions): Tables;
}

export function useTables(adapter: TablesAdapter, options: TablesOptions = {}): Bench {
  let place: TablesPlace;
  let opened: Tables[] = [];
  let table: TenantTable;
  let time = NOON;
  const now = () => time;
  const open = (more: TablesOptions = {}) => {
    const tables = place.open({ now, ...options, ...more });
    opened.push(tables);
    return tables;
  };
  beforeEach(async () => {
    time = NOON;
    place = await adapter.place();
    table = await open().open({ tenant: TENANT, env: "live" });
  });
  afterEach(async () => {
    await Promise.all(opened.map((tables) => tables.close()));
    opened = [];
    await place.remove();
  });
  return {
    now,
    advance: (ms) => {
      time += ms;
    },
    get table() {
      return table;
    },
    get tables() {
      return opened[0] as Tables;
    },
    another: open,
  };
}
