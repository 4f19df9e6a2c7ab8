import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { uuidV7 } from "@endcap/protocol";
import { openModels, promoteModel } from "@endcap/storage";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ModelList, Move } from "../src/admin/models.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { showToCli } from "./support/cli-on.ts";
import { startControl } from "./support/control.ts";
import { endcap, endcapJson } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

test("endcap model lists what training stored, and one command goes back to the model before", async () => {
  const mlflow = createServer((_request, response) => void response.writeHead(404).end("{}")).listen(0, "127.0.0.1");
  await once(mlflow, "listening");
  onTestFinished(() => void mlflow.close());
  vi.stubEnv("ENDCAP_TRAIN_MLFLOW_URL", `http://127.0.0.1:${(mlflow.address() as AddressInfo).port}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const told = once(mlflow, "request") as Promise<[{ url?: string }]>;
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
  // MLflow is asked for the registered version, to move its alias; that it refuses costs the rollback nothing.
  const [{ url }] = await told;
  expect(url).toContain(`/model-versions/search?filter=name%3D%27endcap-${oak.id}%27`);
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
