import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { uuidV7 } from "@endcap/protocol";
import { openModels, promoteModel } from "@endcap/storage";
import { expect, test } from "vitest";
import type { ModelList, Move } from "../src/admin/models.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { showToCli } from "./support/cli-on.ts";
import { startControl } from "./support/control.ts";
import { endcap, endcapJson } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

test("endcap model lists what training stored, and one command goes back to the model before", async () => {
  const root = tempDir();
  const control = await startControl(root);
  showToCli(root, control);
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const store = openModels(`file:${join(root, "tenants")}`).open(oak.id);
  for (const [n, version] of ["m-1", "m-2"].entries()) {
    await store.putIfAbsent(`${version}.ecm`, new Uint8Array(1_000_000));
    const at = Date.now() + n;
    const verdict = { promote: true, reason: `reason ${n}` };
    await promoteModel(
      store,
      { version, trainedAt: new Date(at).toISOString(), verdict },
      { at, id: uuidV7(at, randomFillSync) },
    );
  }
  expect((await endcap(root, ["model", "list", "--tenant", "oak"])).stdout).toMatch(
    /m-2 +champion .* 1\.0 MB +reason 1/,
  );
  expect(await endcapJson<Move>(root, ["model", "rollback", "--tenant", "oak"])).toMatchObject({
    from: "m-2",
    to: "m-1",
    by: "rollback",
  });
  expect((await store.pointer("champion"))?.value).toBe("m-1");
  const { models, moves } = await endcapJson<ModelList>(root, ["model", "list", "--tenant", "oak"]);
  expect(models.map(({ version, state }) => [version, state])).toEqual([
    ["m-2", "retired"],
    ["m-1", "champion"],
  ]);
  expect(moves).toHaveLength(3);
  const refused = await endcap(root, ["model", "rollback", "--tenant", "oak", "--json"]);
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "model_not_found" } });
});
