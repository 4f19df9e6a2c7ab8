import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentOptions } from "../src/lmdb/environment.ts";
import { openLmdbTables } from "../src/lmdb/tables.ts";
import type { TablesAdapter } from "./contract/suite.ts";

export function lmdbAdapter(name: string, settings: EnvironmentOptions = {}): TablesAdapter {
  return {
    name,
    capabilities: { atomicBatches: true },
    async place() {
      const dir = await mkdtemp(join(tmpdir(), "endcap-tables-"));
      return {
        open: (options = {}) => openLmdbTables(join(dir, "tenants"), { ...options, ...settings }),
        remove: () => rm(dir, { recursive: true, force: true }),
      };
    },
  };
}
