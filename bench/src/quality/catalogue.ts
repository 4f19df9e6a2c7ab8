import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Item, newTenantId } from "@endcap/protocol";
import { type CatalogStore, openTables } from "@endcap/storage";
import type { BenchContext } from "../bench.ts";

const itemsPerCall = 1000;

/** A real catalogue with these items in a temporary directory: a recommender knows items from nowhere else. */
export async function catalogueOf(items: readonly Item[], { cleanup }: BenchContext): Promise<CatalogStore> {
  const directory = await mkdtemp(join(tmpdir(), "endcap-quality-"));
  cleanup(() => rm(directory, { recursive: true, force: true }));
  const tables = openTables(`lmdb:${directory}`);
  cleanup(() => tables.close());
  const tenant = newTenantId((bytes) => crypto.getRandomValues(bytes));
  const { catalogue } = await tables.open({ tenant, env: "live" });
  for (let start = 0; start < items.length; start += itemsPerCall) {
    await catalogue.upsert(items.slice(start, start + itemsPerCall));
  }
  return catalogue;
}
