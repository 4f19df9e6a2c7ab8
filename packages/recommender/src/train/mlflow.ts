import Type, { type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";

export interface MlflowRun {
  readonly tenant: string;
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly promoted: boolean;
  readonly reason: string;
  /** The model's file; it is only read when the server takes artifacts. */
  readonly file: () => Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export interface MlflowOptions {
  /** Origin of the tracking server, with a path prefix if it has one. */
  readonly url: string;
  /** For all calls together. */
  readonly msMax: number;
}

/** MLflow cuts nothing: it refuses what is longer. */
const TAG_CHARACTERS_MAX = 5_000;

const ExperimentFound = Type.Object({ experiment: Type.Object({ experiment_id: Type.String() }) });
const ExperimentMade = Type.Object({ experiment_id: Type.String() });
const RunMade = Type.Object({
  run: Type.Object({ info: Type.Object({ run_id: Type.String(), artifact_uri: Type.Optional(Type.String()) }) }),
});
const VersionsFound = Type.Object({
  model_versions: Type.Optional(
    Type.Array(
      Type.Object({
        version: Type.String(),
        tags: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.String() }))),
      }),
    ),
  ),
  next_page_token: Type.Optional(Type.String()),
});
const VersionMade = Type.Object({ model_version: Type.Object({ version: Type.String() }) });
const Refusal = Type.Object({ error_code: Type.String() });

/** The tag by which a registered version is found again. */
const VERSION_TAG = "endcap.version";

/**
 * Tells an MLflow tracking server of a training: a run with parameters and metrics in experiment `endcap/<tenant>`, the
 * model's file among its artifacts when the server takes them, a version of registered model `endcap-<tenant>`, and the
 * alias `champion` or `candidate` on it.
 * @throws whatever goes wrong; a training must not fail by it
 */
export async function logToMlflow(run: MlflowRun, options: MlflowOptions): Promise<void> {
  const api = new MlflowApi(options.url, AbortSignal.timeout(options.msMax));
  const experiment_id = await experimentOf(api, `endcap/${run.tenant}`);
  const made = await api.post(
    "runs/create",
    {
      experiment_id,
      run_name: run.version,
      start_time: run.startedAt,
      tags: [{ key: "endcap.tenant", value: run.tenant }],
    },
    RunMade,
  );
  const { run_id, artifact_uri } = made.run.info;
  const params = Object.entries(run.params).map(([key, value]) => ({ key, value: String(value) }));
  const metrics = Object.entries(run.metrics).map(([key, value]) => ({ key, value, timestamp: run.endedAt, step: 0 }));
  await api.post("runs/log-batch", { run_id, params, metrics });
  const source = (await uploaded(api, run, artifact_uri)) ?? `endcap://${run.tenant}/models/${run.version}.ecm`;
  await api.post("runs/update", { run_id, status: "FINISHED", end_time: run.endedAt });

  const name = `endcap-${run.tenant}`;
  await api.post("registered-models/create", { name }).catch(allowing("RESOURCE_ALREADY_EXISTS"));
  const tags = [
    { key: VERSION_TAG, value: run.version },
    { key: "endcap.reason", value: run.reason.slice(0, TAG_CHARACTERS_MAX) },
  ];
  const registered = await api.post("model-versions/create", { name, source, run_id, tags }, VersionMade);
  const alias = run.promoted ? "champion" : "candidate";
  await api.post("registered-models/alias", { name, alias, version: registered.model_version.version });
}

/**
 * Moves the alias `champion` to the registered version of a model that answers again, as after a rollback.
 * @throws whatever goes wrong, also when MLflow was never told of that model
 */
export async function tellChampion(tenant: string, version: string, options: MlflowOptions): Promise<void> {
  const api = new MlflowApi(options.url, AbortSignal.timeout(options.msMax));
  const name = `endcap-${tenant}`;
  let page_token = "";
  do {
    const query = { filter: `name='${name}'`, max_results: "100", ...(page_token && { page_token }) };
    const found = await api.get("model-versions/search", query, VersionsFound);
    const known = found.model_versions?.find(({ tags }) =>
      tags?.some(({ key, value }) => key === VERSION_TAG && value === version),
    );
    if (known !== undefined) {
      await api.post("registered-models/alias", { name, alias: "champion", version: known.version });
      return;
    }
    page_token = found.next_page_token ?? "";
  } while (page_token !== "");
  throw new Error(`MLflow has no version of ${name} for ${version}`);
}

/**
 * Puts the model's file among the run's artifacts; resolves to the folder's address. A server that hands out addresses of
 * a store that only its clients can write to (s3:// and the like) gets none: the file stays in Endcap's own ModelStore.
 */
async function uploaded(api: MlflowApi, run: MlflowRun, artifactUri = ""): Promise<string | undefined> {
  const path = /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.+)$/.exec(artifactUri)?.[1];
  const file = path === undefined ? undefined : await run.file();
  if (file === undefined) return undefined;
  await api.put(`${path}/model/${run.version}.ecm`, file);
  return `${artifactUri}/model`;
}

async function experimentOf(api: MlflowApi, name: string): Promise<string> {
  const find = async () =>
    (await api.get("experiments/get-by-name", { experiment_name: name }, ExperimentFound)).experiment.experiment_id;
  try {
    return await find();
  } catch (error) {
    allowing("RESOURCE_DOES_NOT_EXIST")(error);
  }
  try {
    return (await api.post("experiments/create", { name }, ExperimentMade)).experiment_id;
  } catch (error) {
    allowing("RESOURCE_ALREADY_EXISTS")(error); // another tenant process was first
    return await find();
  }
}

/** Lets an expected refusal pass. */
function allowing(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof MlflowRefusal && error.code === code) return undefined;
    throw error;
  };
}

class MlflowRefusal extends Error {
  readonly code: string;

  constructor(code: string, path: string, status: number) {
    super(`MLflow answered ${status} ${code} to ${path}`);
    this.name = "MlflowRefusal";
    this.code = code;
  }
}

class MlflowApi {
  readonly #url: string;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.#url = url.replace(/\/+$/, "");
    this.#signal = signal;
  }

  get<S extends TSchema>(path: string, query: Record<string, string>, answer: S): Promise<Static<S>> {
    return this.#call(`${path}?${new URLSearchParams(query)}`, {}, answer);
  }

  post(path: string, body: unknown): Promise<unknown>;
  post<S extends TSchema>(path: string, body: unknown, answer: S): Promise<Static<S>>;
  post(path: string, body: unknown, answer: TSchema = Type.Unknown()): Promise<unknown> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return this.#call(path, init, answer);
  }

  async put(path: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const url = `${this.#url}/api/2.0/mlflow-artifacts/artifacts/${path}`;
    const headers = { "content-type": "application/octet-stream" };
    const response = await fetch(url, { method: "PUT", headers, body, signal: this.#signal });
    await response.body?.cancel();
    if (!response.ok) throw new MlflowRefusal("to an upload", path, response.status);
  }

  async #call<S extends TSchema>(path: string, init: RequestInit, answer: S): Promise<Static<S>> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow/${path}`, { ...init, signal: this.#signal });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      throw new MlflowRefusal(Value.Check(Refusal, body) ? body.error_code : "without a code", path, response.status);
    }
    if (!Value.Check(answer, body)) throw new Error(`MLflow's answer to ${path} is not as documented`);
    return body;
  }
}
