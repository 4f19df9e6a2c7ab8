import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Models, Tables } from "@endcap/storage";
import type { ControlConfig } from "./config.ts";
import type { DataDir } from "./data-dir.ts";
import type { Log } from "./log.ts";
import { desiredProcesses } from "./provisioner/desired.ts";
import { createProvisioner, type Provisioner } from "./provisioner/provisioner.ts";
import { type ProcessSpec, recommenderName } from "./provisioner/spec.ts";
import type { Stores } from "./stores.ts";
import type { Tenant } from "./tenants/model.ts";
import type { Trainer } from "./training/trainer.ts";
import { putUpstream, recommenderUpstream } from "./upstreams.ts";

export interface LocalFleetOptions {
  readonly config: ControlConfig;
  readonly dataDir: DataDir;
  readonly stores: Stores;
  readonly trainer: Trainer;
  readonly tables: Tables;
  readonly models: Models;
  /** Waits until gateway and ml use what the database says now. Throws `upstream_timeout`. */
  readonly applied: () => Promise<void>;
  /** Where control listens: processes fetch their snapshot there, and requests for who hibernates come there. */
  readonly controlUrl: string;
  readonly log: Log;
  readonly now: () => number;
}

/** The local provisioner: what the database says, as child processes and directories of this machine. */
export function createLocalFleet(options: LocalFleetOptions): Provisioner {
  const { config, dataDir, stores, trainer, tables, models } = options;

  async function route(spec: ProcessSpec, url: string): Promise<void> {
    switch (spec.kind) {
      case "gateway":
        return; // the edge is nobody's upstream
      case "recommender":
        if (spec.tenantId === undefined) throw new TypeError("a recommender without a tenant");
        return putUpstream(
          stores.db,
          { id: recommenderUpstream(spec.tenantId), kind: "recommender", url },
          spec.tenantId,
        );
      default:
        return putUpstream(stores.db, { id: spec.name, kind: spec.kind, url });
    }
  }

  /** Its processes are gone and no gateway knows it: first the data, then the row, so that a crash begins again. */
  async function remove(tenant: Tenant): Promise<void> {
    await trainer.cancel(tenant.id);
    await tables.eraseTenant(tenant.id);
    await models.eraseTenant(tenant.id);
    await rm(join(dataDir.tenants, tenant.id), { recursive: true, force: true });
    await rm(join(dataDir.nodes, recommenderName(tenant.id)), { recursive: true, force: true });
    await rm(join(dataDir.logs, `${recommenderName(tenant.id)}.log`), { force: true });
    await stores.tenants.archive(tenant.id);
    options.log.info({ tenant: tenant.id }, "tenant deleted");
  }

  return createProvisioner({
    dataDir,
    readyMsMax: config.readyMsMax,
    log: options.log,
    now: options.now,
    async desired() {
      const tenants = await stores.tenants.list();
      return { tenants, processes: desiredProcesses(config, dataDir, options.controlUrl, tenants) };
    },
    onListening: route,
    async onHibernate(spec, url) {
      try {
        await route(spec, options.controlUrl);
        await options.applied();
      } catch (error) {
        await route(spec, url);
        throw error;
      }
    },
    onGone: remove,
  });
}
