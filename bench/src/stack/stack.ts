/**
 * The whole of Endcap on this machine, as an operator starts it: `endcap up` in a directory of its own, on free ports.
 * What benches and end-to-end tests drive.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../../packages/control/dist/cli.js", import.meta.url));
const bootMsMax = 60_000;
const stopMsMax = 15_000;

/** What `endcap up --json` prints once everything is ready. */
export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly gatewayUrl: string;
  readonly collectorUrl: string;
  readonly mlUrl: string;
  readonly consoleUrl: string;
  readonly adminTokenFile: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly bootMs: number;
}

export interface IssuedKey {
  readonly id: string;
  readonly kind: "publishable" | "secret";
  readonly env: "live" | "test";
  readonly secret?: string;
}

export interface TenantKeys {
  readonly id: string;
  readonly publishable: string;
  readonly secretKey: string;
  readonly secret: string;
}

export interface Process {
  readonly name: string;
  readonly kind: string;
  readonly tenantId?: string;
  readonly state: string;
  readonly pid?: number;
  readonly url?: string;
  readonly adminUrl?: string;
  readonly rssBytes?: number;
}

export interface TrainingResult {
  readonly version: string;
  readonly events: number;
  readonly items: number;
}

interface Job {
  readonly state: string;
  readonly result?: TrainingResult;
  readonly error?: { readonly message: string };
}

export class Stack {
  readonly ready: ReadyLine;
  /** From spawn to the ready line. */
  readonly bootSeconds: number;
  readonly #child: ChildProcess;
  readonly #token: string;

  constructor(ready: ReadyLine, bootSeconds: number, child: ChildProcess, token: string) {
    this.ready = ready;
    this.bootSeconds = bootSeconds;
    this.#child = child;
    this.#token = token;
  }

  /** A call of the admin API. Throws with the problem's code when it is refused. */
  async admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.ready.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text || "null") as T;
  }

  /** A tenant that answers, with a live publishable and a live secret key. */
  async createTenant(
    slug: string,
    options: { tier?: string; origins?: string[]; env?: "live" | "test" } = {},
  ): Promise<TenantKeys> {
    const env = options.env ?? "live";
    const { id, keys } = await this.admin<{ id: string; keys: IssuedKey[] }>("POST", "/v1/tenants?waitMs=30000", {
      slug,
      tier: options.tier ?? "standard",
      origins: options.origins ?? [],
      issueKeys: [env],
    });
    const publishable = keys.find(({ kind }) => kind === "publishable");
    const secret = keys.find(({ kind }) => kind === "secret");
    if (publishable === undefined || secret?.secret === undefined) throw new Error("the tenant came without keys");
    return { id, publishable: publishable.id, secretKey: secret.id, secret: secret.secret };
  }

  /** Trains and resolves to the job's result when the recommender answers from the new model. */
  async trainFor(tenant: string, waitMsMax = 60_000): Promise<TrainingResult> {
    const job = await this.admin<{ id: string }>("POST", `/v1/tenants/${tenant}/train`);
    const until = Date.now() + waitMsMax;
    const trained = await this.#poll(until, async () => {
      const { state, result, error } = await this.admin<Job>("GET", `/v1/jobs/${job.id}`);
      if (state === "failed") throw new Error(`training failed: ${error?.message}`);
      return state === "succeeded" ? result : undefined;
    });
    await this.#poll(until, async () => {
      const look = { strategy: "trending", limit: 1 };
      const { model } = await this.admin<{ model: { version: string } | null }>(
        "POST",
        `/v1/tenants/${tenant}/recommendations`,
        look,
      );
      return model?.version === trained.version || undefined;
    });
    return trained;
  }

  async processes(): Promise<Process[]> {
    return (await this.admin<{ processes: Process[] }>("GET", "/v1/status")).processes;
  }

  /** Orderly, as Ctrl-C does it; resolves to the seconds it took. */
  async stop(): Promise<number> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return 0;
    const start = performance.now();
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), stopMsMax);
    await exited;
    clearTimeout(timer);
    return (performance.now() - start) / 1000;
  }

  async #poll<T>(until: number, look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > until) throw new Error("waited too long");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export interface StackOptions {
  /** Kept by the caller; a temporary directory otherwise, removed by `cleanup`. */
  readonly dataDir?: string;
  /** Settings of the services, over this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cleanup: (work: () => Promise<void>) => void;
}

/** Boots everything. Its diagnostics go to stderr. */
export async function startStack({ dataDir, env, cleanup }: StackOptions): Promise<Stack> {
  const dir = dataDir ?? (await mkdtemp(join(tmpdir(), "endcap-")));
  if (dataDir === undefined) cleanup(() => rm(dir, { recursive: true, force: true }));
  const start = performance.now();
  const child = spawn(process.execPath, [cli, "up", "--json", "--free-ports", "--data", dir], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), bootMsMax);
  let ready: ReadyLine | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as ReadyLine | { ready: false; error: { code: string; message: string } };
    if (!message.ready) throw new Error(`endcap up: ${message.error.code}: ${message.error.message}`);
    ready = message;
    break;
  }
  clearTimeout(timer);
  if (ready === undefined) throw new Error("endcap up ended before it was ready");
  const token = (await readFile(ready.adminTokenFile, "utf8")).trim();
  const stack = new Stack(ready, (performance.now() - start) / 1000, child, token);
  cleanup(async () => void (await stack.stop()));
  return stack;
}
