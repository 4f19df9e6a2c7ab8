import { join } from "node:path";
import { expect, it } from "vitest";
import { openSnapshotDisk } from "../src/snapshot/disk.ts";
import { emptySnapshot } from "../src/snapshot/state.ts";
import type { PackedTenants } from "../src/snapshot/tenants.ts";
import { secretsOf, tenantOf } from "./support/control.ts";
import { tempDir } from "./support/temp-dir.ts";

const count = 5_000;

function manyTenants(tenants: PackedTenants) {
  for (let n = 0; n < count; n += 1) {
    const letters = String(n)
      .padStart(16, "0")
      .replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
    tenants.put({ ...tenantOf("a"), id: `tnt-${letters}` }, secretsOf(`s${n}`));
  }
  return emptySnapshot(7, tenants);
}

it("saves one version in slices while the next ones come, and the process goes on meanwhile", async () => {
  const directory = tempDir();
  const open = () => openSnapshotDisk(join(directory, "snapshot.json"), join(directory, "node.key"), Date.now);
  const disk = await open();
  const state = manyTenants(disk.newTenants());
  const before = contentOf(state.tenants);
  expect(before).toHaveLength(count);
  const saving = disk.save(state);
  // What comes while the slices are written belongs to the next save.
  let turns = 0;
  let done = false;
  void saving.finally(() => {
    done = true;
  });
  for (const { tenant } of before) {
    await new Promise(setImmediate);
    if (done) break;
    turns += 1;
    state.tenants.put({ ...tenant, slug: "changed" }, secretsOf("changed"));
  }
  await saving;
  expect(turns).toBeGreaterThan(10);

  const loaded = await (await open()).load();
  expect(loaded?.version).toBe(7);
  expect(loaded && contentOf(loaded.tenants)).toEqual(before);
});

function contentOf(tenants: PackedTenants) {
  return [...tenants].map((tenant) => ({ tenant, secrets: tenants.secretsOf(tenant.id) }));
}
