/** A location is a URI; its scheme chooses the adapter, here and nowhere else. */
import { resolve } from "node:path";
import { EndcapError } from "@endcap/protocol";
import { openFileModels } from "./file/models.ts";
import { openLmdbTables } from "./lmdb/tables.ts";
import type { Models } from "./ports/model-store.ts";
import type { Tables, TablesOptions } from "./ports/tables.ts";

const TABLES: Readonly<Record<string, (rest: string, options: TablesOptions) => Tables>> = {
  lmdb: (rest, options) => openLmdbTables(resolve(rest), options),
};

const MODELS: Readonly<Record<string, (rest: string) => Models>> = {
  file: (rest) => openFileModels(resolve(rest)),
};

/**
 * The tables at `lmdb:<directory>` (one directory a tenant below it). Opens nothing yet, but checks the VERSION file of
 * the directory and of the data directory around it.
 * @throws EndcapError `config_invalid` for a location that no adapter knows, `data_dir_newer`
 */
export function openTables(location: string, options: TablesOptions = {}): Tables {
  const [open, rest] = choose(TABLES, location);
  return open(rest, options);
}

/**
 * The models at `file:<directory>` (`<tenant>/models/` below it).
 * @throws EndcapError `config_invalid`, `data_dir_newer`
 */
export function openModels(location: string): Models {
  const [open, rest] = choose(MODELS, location);
  return open(rest);
}

function choose<T>(adapters: Readonly<Record<string, T>>, location: string): [T, string] {
  const colon = location.indexOf(":");
  const scheme = location.slice(0, Math.max(0, colon));
  const rest = location.slice(colon + 1);
  const adapter = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined;
  if (!adapter || rest === "") {
    const known = Object.keys(adapters).map((name) => `${name}:<directory>`);
    throw new EndcapError("config_invalid", {
      internal: `"${location}" is no storage location; expected ${known.join(" or ")}`,
    });
  }
  return [adapter, rest];
}
