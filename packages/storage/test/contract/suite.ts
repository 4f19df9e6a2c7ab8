/**
 * The contract: what every adapter of the ports promises, as functions that an adapter's test file calls. Nothing here
 * knows an adapter; what one cannot promise, it declares.
 */
import type { Models, Tables, TablesOptions } from "@endcap/storage";
import { arrivalsContract } from "./arrivals.ts";
import { catalogueContract } from "./catalogue.ts";
import { eventsContract } from "./events.ts";
import { exportContract } from "./export.ts";
import { importsContract } from "./imports.ts";
import { latestContract } from "./latest.ts";
import { linksContract } from "./links.ts";
import { modelBasedContract } from "./model-based.ts";
import { modelsContract } from "./models.ts";
import { servedContract } from "./served.ts";
import { tablesContract } from "./tables.ts";

export interface Capabilities {
  /** The parts of one batch appear together or not at all. */
  readonly atomicBatches: boolean;
}

/** Somewhere that tables live while a test runs. */
export interface TablesPlace {
  /** Opens the place; several times at once, as several processes do. */
  open(options?: TablesOptions): Tables;
  /** Removes everything. The tables are closed before. */
  remove(): Promise<void>;
}

export interface TablesAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** An empty place. */
  place(): Promise<TablesPlace>;
}

export function tablesContracts(adapter: TablesAdapter): void {
  tablesContract(adapter);
  eventsContract(adapter);
  arrivalsContract(adapter);
  latestContract(adapter);
  linksContract(adapter);
  catalogueContract(adapter);
  servedContract(adapter);
  importsContract(adapter);
  exportContract(adapter);
  modelBasedContract(adapter);
}

export interface ModelsAdapter {
  readonly name: string;
  place(): Promise<{ open(): Models; remove(): Promise<void> }>;
}

export function modelsContracts(adapter: ModelsAdapter): void {
  modelsContract(adapter);
}
