import { setTimeout as wait } from "node:timers/promises";

export interface Tenant {
  id: string;
  slug: string;
  origins: string[];
}

export interface IssuedKey {
  id: string;
  kind: "publishable" | "secret";
  secret?: string;
}

export interface Job {
  id: string;
  state: "queued" | "running" | "succeeded" | "failed";
  progress?: Record<string, unknown>;
  result?: { version?: string };
  error?: { code: string; message: string };
}

export class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const jobPollMs = 200;
const settleMsMax = 30_000;

/** The few calls of control's admin API that setting up a shop takes. */
export class Admin {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor(url: string, token: string, signal: AbortSignal) {
    this.#url = url;
    this.#token = token;
    this.#signal = signal;
  }

  async findTenant(idOrSlug: string): Promise<Tenant | undefined> {
    try {
      return await this.#call<Tenant>("GET", `/v1/tenants/${encodeURIComponent(idOrSlug)}`);
    } catch (error) {
      if (error instanceof AdminError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Answers when the tenant's recommender is ready and the gateway knows the tenant. */
  createTenant(slug: string, name: string, origins: readonly string[]): Promise<Tenant & { keys: IssuedKey[] }> {
    return this.#call("POST", `/v1/tenants?waitMs=${settleMsMax}`, {
      slug,
      name,
      tier: "standard",
      origins,
      issueKeys: ["live"],
    });
  }

  allowOrigins(tenant: Tenant, origins: readonly string[]): Promise<Tenant> {
    return this.#call("PATCH", `/v1/tenants/${tenant.id}`, { origins });
  }

  issueKey(tenant: Tenant, kind: IssuedKey["kind"]): Promise<IssuedKey> {
    return this.#call("POST", `/v1/tenants/${tenant.id}/keys`, { kind, env: "live", name: "storefront" });
  }

  /** Trains and resolves when the recommender answers from the new model. */
  async train(tenantId: string, onProgress: (progress: Record<string, unknown>) => void): Promise<void> {
    let job = await this.#call<Job>("POST", `/v1/tenants/${tenantId}/train`);
    while (job.state === "queued" || job.state === "running") {
      onProgress(job.progress ?? {});
      await wait(jobPollMs, undefined, { signal: this.#signal });
      job = await this.#call<Job>("GET", `/v1/jobs/${job.id}`);
    }
    if (job.state === "failed")
      throw new AdminError(500, `Training failed: ${job.error?.message ?? "no reason given"}`);
    const { version } = job.result ?? {};
    const until = performance.now() + settleMsMax;
    while (version !== undefined && performance.now() < until) {
      const tenant = await this.#call<{ model?: { version: string } }>("GET", `/v1/tenants/${tenantId}`);
      if (tenant.model?.version === version) return;
      await wait(jobPollMs, undefined, { signal: this.#signal });
    }
  }

  async #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: this.#signal,
    });
    const text = await response.text();
    if (!response.ok)
      throw new AdminError(response.status, detailOf(text) ?? `${method} ${path} was answered ${response.status}.`);
    return JSON.parse(text);
  }
}

/** What a problem+json answer says for people. */
function detailOf(text: string): string | undefined {
  try {
    const { detail, title }: { detail?: string; title?: string } = JSON.parse(text);
    return detail ?? title;
  } catch {
    return undefined;
  }
}
