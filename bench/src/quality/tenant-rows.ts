import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { FORMATS } from "@endcap/control/import-sources";
import type { Item } from "@endcap/protocol";
import { openTables, readExport, shopperKeyOf, type TableRow } from "@endcap/storage";
import type { BenchContext } from "../bench.ts";

export type Rows = () => AsyncIterable<TableRow>;

/** The Parquet file of a directory that holds Online Retail II. */
export function retailFile(path: string): string | undefined {
  if (path.endsWith(".parquet")) return path;
  if (!existsSync(path) || !statSync(path).isDirectory()) return undefined;
  const name = readdirSync(path).find((each) => each.endsWith(".parquet"));
  return name === undefined ? undefined : join(path, name);
}

/**
 * A tenant's rows: a finished export, the tenant's directory below `<data>/tenants` (exported first, as a training does),
 * or a file that `endcap import --format ndjson` would take.
 */
export async function tenantRows(path: string, { cleanup }: BenchContext): Promise<Rows> {
  const at = resolve(path);
  if (existsSync(join(at, "manifest-summary.json"))) return () => readExport(at);
  if (existsSync(join(at, "live"))) {
    const directory = await mkdtemp(join(tmpdir(), "endcap-history-"));
    cleanup(() => rm(directory, { recursive: true, force: true }));
    const tables = openTables(`lmdb:${dirname(at)}`);
    try {
      const table = await tables.open({ tenant: basename(at), env: "live" });
      const { path: exported } = await table.exportTo(directory, { exportId: "quality", now: Date.now() });
      return () => readExport(exported);
    } finally {
      await tables.close();
    }
  }
  if (/\.ndjson(\.gz)?$/.test(at)) return () => imported("ndjson", at);
  throw new Error(`${path} is no export, no tenant's directory and no .ndjson file`);
}

/** Online Retail II as `endcap import` stores it; codes that differ in their letters alone are variants of one product. */
export const retailRows = (file: string): Rows =>
  async function* () {
    for await (const row of imported("online-retail-ii", file)) {
      yield row.kind === "item" ? { ...row, item: asVariant(row.item) } : row;
    }
  };

function asVariant(item: Item): Item {
  const product = /^\d{5}(?=[A-Z]+$)/.exec(item.id)?.[0];
  return product === undefined ? item : { ...item, groupId: product };
}

async function* imported(format: string, file: string): AsyncGenerator<TableRow> {
  const open = FORMATS[format];
  if (open === undefined) throw new Error(`no format ${format}`);
  const source = await open({ file, tenantId: "tnt-quality", importId: "quality", map: new Map(), set: new Map() });
  for await (const line of source.lines) {
    if ("item" in line) yield { kind: "item", item: line.item };
    if (!("event" in line)) continue;
    const shopper = shopperKeyOf(line.event.shopper ?? {});
    if (shopper === undefined) continue;
    const receivedAt = Date.parse(line.event.at);
    const batch = { batchId: line.event.id, digest: new Uint8Array(32), receivedAt, expiresAt: undefined };
    yield { kind: "events", shopper, ...batch, events: [line.event] };
  }
}
