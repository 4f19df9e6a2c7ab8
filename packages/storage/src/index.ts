/** Storage: the ports, and the adapters that a location (a URI) chooses. */
export { batchIdAt } from "./batch-id.ts";
export { checkDataVersion, claimDataDir, DATA_VERSION } from "./data-version.ts";
export { type CheckedExport, checkExport, type ExportFile, readExport } from "./export/read.ts";
export { openModels, openTables } from "./locations.ts";
export {
  type ChampionMove,
  championMoves,
  listModels,
  type ModelEntry,
  type ModelFacts,
  type ModelVerdict,
  type MoveStamp,
  modelFacts,
  promoteModel,
  rollBackModel,
} from "./model-registry.ts";
export { ARRIVALS, type Arrival, type ArrivalFeed, type Arrivals } from "./ports/arrival-feed.ts";
export type {
  CatalogStore,
  DeleteResult,
  ItemChange,
  ItemChanges,
  UpsertResult,
} from "./ports/catalog-store.ts";
export {
  type AppendBatch,
  type AppendResult,
  type EventStore,
  LATEST,
  type Link,
  type LinkResult,
  type ScanRange,
  type ShopperEvents,
  type StoredBatch,
} from "./ports/event-store.ts";
export type { ImportLog, ImportPart, ImportPartResult } from "./ports/import-log.ts";
export type {
  ModelStore,
  Models,
  ObjectInfo,
  ObjectSource,
  Pointer,
  Reading,
  StoredObject,
} from "./ports/model-store.ts";
export type { ServedLog, ServedScan } from "./ports/served-log.ts";
export { type ShopperKey, shopperKeyOf } from "./ports/shopper.ts";
export type { TableRow } from "./ports/table-row.ts";
export type {
  ExportOptions,
  ExportSummary,
  TableName,
  TableStats,
  Tables,
  TablesOptions,
  TenantTable,
} from "./ports/tables.ts";
