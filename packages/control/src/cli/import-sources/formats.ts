import { csvSource } from "./csv.ts";
import { ndjsonSource } from "./ndjson.ts";
import { onlineRetailSource } from "./online-retail-ii.ts";
import type { ImportSource, SourceOptions } from "./source.ts";

/** Formats by the name that `--format` takes. */
export const FORMATS: Readonly<Record<string, (options: SourceOptions) => Promise<ImportSource>>> = {
  ndjson: ndjsonSource,
  csv: csvSource,
  "online-retail-ii": onlineRetailSource,
};
