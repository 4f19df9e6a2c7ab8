import { join } from "node:path";
import { expect, it } from "vitest";
import { openSnapshotDisk } from "../src/snapshot/disk.ts";
import { emptySnapshot, putTenant } from "../src/snapshot/state.ts";
import { secretsOf, tenantOf } from "./support/control.ts";
import { tempDir } from "./support/temp-dir.ts";

const count = 5_000;

function manyTenants() {
  const state = emptySnapshot(7);
  for (let n = 0; n < count; n += 1) {
    const letters = String(n)
      .padStart(16, "0")
      .replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
    putTenant(state, { ...tenantOf("a"), id: `tnt-${letters}` }, secretsOf(`s${n}`));
  }
  return state;
}

it("saves one version in slices while the next ones come, and the process goes on meanwhile", async () => {
  const directory = tempDir();
  const open = () => openSnapshotDisk(join(directory, "snapshot.json"), join(directory, "node.key"), Date.now);
  const state = manyTenants();
  const before = { tenants: new Map(state.tenants), secrets: new Map(state.secrets) };
  expect(before.tenants.size).toBe(count);
  const saving = (await open()).save(state);
  // What comes while the slices are written belongs to the next save.
  let turns = 0;
  let done = false;
  void saving.finally(() => {
    done = true;
  });
  for (const [id, tenant] of before.tenants) {
    await new Promise(setImmediate);
    if (done) break;
    turns += 1;
    putTenant(state, { ...tenant, slug: "changed" }, secretsOf("changed"));
    state.secrets.set(id, secretsOf("changed"));
  }
  await saving;
  expect(turns).toBeGreaterThan(10);

  const loaded = await (await open()).load();
  expect(loaded?.version).toBe(7);
  expect(loaded?.tenants).toEqual(before.tenants);
  expect(loaded?.secrets).toEqual(before.secrets);
});
