import type { RootDatabase } from "lmdb";
import type { RowKey } from "../rows/keys.ts";
import type { RowValue } from "../rows/raw-row.ts";

export type RowDatabase = RootDatabase<RowValue, RowKey>;
