import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Event, newTenantId, uuidV7 } from "@endcap/protocol";
import { openTables, type TableRow } from "@endcap/storage";
import { expect, it, onTestFinished } from "vitest";
import type { BenchContext } from "../src/bench.ts";
import { retailFile, tenantRows } from "../src/quality/tenant-rows.ts";

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
const at = Date.parse("2026-01-01T00:00:00Z");
const view: Event = {
  id: uuidV7(at, random),
  type: "view_item",
  at: new Date(at).toISOString(),
  items: [{ id: "tea-1" }],
};

const context: BenchContext = {
  short: true,
  options: {},
  log: () => undefined,
  cleanup: (work) => onTestFinished(async () => work()),
};

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "endcap-rows-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function seen(path: string): Promise<[string, string[]][]> {
  const rows = await tenantRows(path, context);
  const found: [string, string[]][] = [];
  // Twice: an evaluation reads its history several times.
  for (let pass = 0; pass < 2; pass++) {
    for await (const row of rows() as AsyncIterable<TableRow>) {
      if (row.kind === "events") found.push([`${row.shopper.kind} ${row.shopper.id}`, row.events.map(({ id }) => id)]);
    }
  }
  return found;
}

const expected = [
  ["user anna", [view.id]],
  ["user anna", [view.id]],
];

it("a tenant's directory and its export tell the same", async () => {
  const path = directory();
  const tenant = newTenantId(random);
  const tables = openTables(`lmdb:${path}`);
  const table = await tables.open({ tenant, env: "live" });
  const parts = [{ shopper: { kind: "user", id: "anna" } as const, events: [view] }];
  await table.events.append([{ batchId: uuidV7(at, random), digest: new Uint8Array(32), receivedAt: at, parts }]);
  const exported = await table.exportTo(join(path, "exports"), { exportId: "one", now: at });
  await tables.close();
  expect(await seen(exported.path)).toEqual(expected);
  expect(await seen(join(path, tenant))).toEqual(expected);
});

it("so does a file of import lines; anything else is refused by name", async () => {
  const path = directory();
  const file = join(path, "history.ndjson");
  writeFileSync(file, `${JSON.stringify({ event: { ...view, shopper: { userId: "anna" } } })}\n`);
  expect(await seen(file)).toEqual(expected);
  await expect(tenantRows(path, context)).rejects.toThrow("no export, no tenant's directory");
  expect(retailFile(path)).toBeUndefined();
  writeFileSync(join(path, "transactions.parquet"), "");
  expect(retailFile(path)).toBe(join(path, "transactions.parquet"));
});
