import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import Type, { type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tellChampion } from "../../src/train/mlflow.ts";
import { type TrainingResult, train } from "../../src/train/run.ts";
import { fillShop, random, TestShop } from "../support/shop.ts";

const MLFLOW = "3.17.2";

const directory = mkdtempSync(join(tmpdir(), "endcap-mlflow-"));
let origin = "";
let stopServer = async (): Promise<void> => undefined;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

beforeAll(async () => {
  const run = promisify(execFile);
  const python = join(directory, "venv/bin/python");
  await run("python3", ["-m", "venv", join(directory, "venv")]);
  await run(python, ["-m", "pip", "install", "--quiet", `mlflow==${MLFLOW}`]);
  const port = await freePort();
  const server = spawn(
    join(directory, "venv/bin/mlflow"),
    [
      ...["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...["--backend-store-uri", `sqlite:///${join(directory, "mlflow.db")}`],
      ...["--artifacts-destination", join(directory, "artifacts")],
    ],
    // A group of its own: its workers end with it.
    { cwd: directory, detached: true, stdio: ["ignore", "ignore", "inherit"] },
  );
  const { pid } = server;
  if (pid === undefined) throw new Error("mlflow did not start");
  stopServer = async () => {
    process.kill(-pid, "SIGKILL");
    await once(server, "close");
  };
  origin = `http://127.0.0.1:${port}`;
  while ((await fetch(`${origin}/health`).catch(() => undefined))?.status !== 200) await delay(200);
});

afterAll(async () => {
  await stopServer();
  rmSync(directory, { recursive: true, force: true });
});

/** Asks the server as any MLflow client would. */
async function ask<S extends TSchema>(path: string, query: Record<string, string>, answer: S): Promise<Static<S>> {
  const response = await fetch(`${origin}/api/2.0/mlflow/${path}?${new URLSearchParams(query)}`);
  const body: unknown = await response.json();
  if (!Value.Check(answer, body)) throw new Error(`${path} answered ${response.status} ${JSON.stringify(body)}`);
  return body;
}

const Pairs = <S extends TSchema>(value: S) => Type.Array(Type.Object({ key: Type.String(), value }));
const RunAnswer = Type.Object({
  run: Type.Object({
    info: Type.Object({ experiment_id: Type.String(), run_name: Type.String(), status: Type.String() }),
    data: Type.Object({ params: Pairs(Type.String()), metrics: Pairs(Type.Number()), tags: Pairs(Type.String()) }),
  }),
});
const VersionAnswer = Type.Object({
  model_version: Type.Object({
    version: Type.String(),
    run_id: Type.String(),
    source: Type.String(),
    tags: Pairs(Type.String()),
  }),
});

const record = <T>(pairs: readonly { key: string; value: T }[]): Record<string, T> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

async function aliased(tenant: string, alias: string) {
  const query = { name: `endcap-${tenant}`, alias };
  return (await ask("registered-models/alias", query, VersionAnswer)).model_version;
}

async function trained(shop: TestShop): Promise<TrainingResult> {
  const warnings: string[] = [];
  const result = await train({
    tenant: shop.tenant,
    tables: shop.config.tables,
    models: shop.config.models,
    exports: join(shop.directory, "exports"),
    seed: 7,
    now: Date.now,
    random,
    mlflowUrl: origin,
    onWarning: (warning) => warnings.push(warning),
    onStep: () => undefined,
  });
  expect(warnings).toEqual([]);
  return result;
}

test(`MLflow ${MLFLOW} has the parameters, metrics, model file and alias of a training`, async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const result = await trained(shop);

  const champion = await aliased(shop.tenant, "champion");
  expect(record(champion.tags)).toMatchObject({
    "endcap.version": result.version,
    "endcap.reason": "there was no champion",
  });
  // The source is a folder of the run's artifacts that holds the file, byte for byte.
  expect(champion.source).toMatch(/^mlflow-artifacts:\/.+\/model$/);
  const Artifacts = Type.Object({ files: Type.Array(Type.Object({ path: Type.String(), file_size: Type.Unknown() })) });
  const { files } = await ask("artifacts/list", { run_id: champion.run_id, path: "model" }, Artifacts);
  expect(files.map(({ path, file_size }) => [path, Number(file_size)])).toEqual([
    [`model/${result.version}.ecm`, result.bytes],
  ]);
  const folder = champion.source.replace(/^mlflow-artifacts:\//, "");
  const artifact = await fetch(`${origin}/api/2.0/mlflow-artifacts/artifacts/${folder}/${result.version}.ecm`);
  const stored = await shop.models.get(`${result.version}.ecm`);
  expect(Buffer.from(await artifact.arrayBuffer()).equals(Buffer.from(stored?.bytes ?? []))).toBe(true);
  expect((await shop.models.pointer("champion"))?.value).toBe(result.version);

  const { run } = await ask("runs/get", { run_id: champion.run_id }, RunAnswer);
  expect(run.info).toMatchObject({ run_name: result.version, status: "FINISHED" });
  expect(record(run.data.params)).toEqual({ seed: "7", reranked: String(result.reranked) });
  expect(record(run.data.tags)).toMatchObject({ "endcap.tenant": shop.tenant });
  const { events, items, sessions, bytes, seconds } = result;
  expect(record(run.data.metrics)).toMatchObject({ events, items, sessions, bytes, seconds });

  const Experiment = Type.Object({ experiment: Type.Object({ experiment_id: Type.String() }) });
  const { experiment } = await ask("experiments/get-by-name", { experiment_name: `endcap/${shop.tenant}` }, Experiment);
  expect(experiment.experiment_id).toBe(run.info.experiment_id);
});

test("the alias moves with the next champion, in the same experiment and registered model", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const first = await trained(shop);
  const before = await aliased(shop.tenant, "champion");
  const second = await trained(shop);
  expect([first.promoted, second.promoted]).toEqual([true, true]);
  const after = await aliased(shop.tenant, "champion");
  expect([before.version, after.version]).toEqual(["1", "2"]);
  expect(record(after.tags)["endcap.version"]).toBe(second.version);
  const { run } = await ask("runs/get", { run_id: after.run_id }, RunAnswer);
  const { run: old } = await ask("runs/get", { run_id: before.run_id }, RunAnswer);
  expect(run.info.experiment_id).toBe(old.info.experiment_id);
});

test("a rollback moves the alias back, and one to a model that MLflow never heard of says so", async () => {
  const shop = await TestShop.open();
  await fillShop(shop);
  const first = await trained(shop);
  await trained(shop);
  const options = { url: origin, msMax: 15_000 };
  await tellChampion(shop.tenant, first.version, options);
  expect(record((await aliased(shop.tenant, "champion")).tags)["endcap.version"]).toBe(first.version);
  await expect(tellChampion(shop.tenant, "m-unheard-of", options)).rejects.toThrow("no version");
});
