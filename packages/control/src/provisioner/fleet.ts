import { setTimeout as delay } from "node:timers/promises";
import { EndcapError, type ModelInfo } from "@endcap/protocol";
import type { TenantView } from "../tenants/model.ts";
import type { Tenants } from "../tenants/repository.ts";
import type { ProcessView } from "./process.ts";
import type { Provisioner } from "./provisioner.ts";
import { recommenderName, SHARED } from "./spec.ts";
import { fetchStatus } from "./status.ts";

/** What the admin API asks of the processes, whoever runs them. */
export interface Fleet {
  readonly processes: readonly ProcessView[];
  /** What the processes add to a tenant's view. */
  facts(tenantId: string): Promise<Pick<TenantView, "recommender" | "model">>;
  /** Waits until the tenant's recommender is ready and gateway and ml know the tenant. Throws `upstream_timeout`. */
  settled(tenantId: string, waitMs: number): Promise<void>;
  /** Waits until gateway and ml use what the database says now. Throws `upstream_timeout`. */
  applied(waitMs: number): Promise<void>;
  /** Waits until nothing is left of a tenant that is being deleted; false at the end of the time. */
  gone(tenantId: string, waitMs: number): Promise<boolean>;
  /** Where a shared service listens. Throws `upstream_unavailable`. */
  url(name: keyof typeof SHARED): string;
}

export interface FleetOptions {
  readonly provisioner: () => Provisioner;
  readonly tenants: Tenants;
  /** The model that the tenant's recommender uses or, while it hibernates, will use. */
  readonly champion: (tenantId: string) => Promise<ModelInfo | undefined>;
  readonly snapshotVersion: () => Promise<number>;
}

const LOOK_MS = 20;

export function createFleet(options: FleetOptions): Fleet {
  const { tenants } = options;
  const find = (name: string) => options.provisioner().processes.find((process) => process.name === name);

  /** The processes that decide by the snapshot: a change has arrived when all of them use it. */
  async function haveVersion(version: number): Promise<boolean> {
    const receivers = [find(SHARED.gateway), find(SHARED.ml)].filter((process) => process !== undefined);
    const statuses = await Promise.all(receivers.map((process) => fetchStatus(process.adminUrl)));
    return statuses.every((status) => (status?.snapshotVersion ?? -1) >= version);
  }

  async function within(waitMs: number, work: (late: AbortSignal) => Promise<void>, detail: string): Promise<void> {
    if (waitMs === 0) return;
    const late = AbortSignal.timeout(waitMs);
    try {
      await Promise.race([work(late), aborted(late)]);
    } catch (error) {
      throw late.aborted ? new EndcapError("upstream_timeout", { detail }) : error;
    }
  }

  async function applied(late: AbortSignal): Promise<void> {
    const version = await options.snapshotVersion();
    while (!late.aborted && !(await haveVersion(version))) await delay(LOOK_MS);
  }

  return {
    get processes() {
      return options.provisioner().processes;
    },
    async facts(tenantId) {
      const recommender = find(recommenderName(tenantId));
      const model =
        recommender?.state === "hibernating"
          ? await options.champion(tenantId)
          : (await fetchStatus(recommender?.adminUrl))?.model;
      return {
        ...(recommender !== undefined && {
          recommender: { state: recommender.state, ...(recommender.url !== undefined && { url: recommender.url }) },
        }),
        ...(model != null && { model: { version: model.version, trainedAt: model.trainedAt } }),
      };
    },
    settled: (tenantId, waitMs) =>
      within(
        waitMs,
        async (late) => {
          await options.provisioner().reconcile();
          await options.provisioner().ready(recommenderName(tenantId));
          await applied(late);
        },
        "The tenant was made; its processes are not ready yet.",
      ),
    applied: (waitMs) => within(waitMs, applied, "The change was made; a gateway has not confirmed it yet."),
    async gone(tenantId, waitMs) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        await options.provisioner().reconcile();
        const left = (await tenants.list()).some((tenant) => tenant.id === tenantId);
        if (!left || performance.now() > deadline) return !left;
        await delay(LOOK_MS);
      }
    },
    url(name) {
      const url = find(SHARED[name])?.url;
      if (url === undefined) throw new EndcapError("upstream_unavailable", { internal: `${name} is not ready` });
      return url;
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
