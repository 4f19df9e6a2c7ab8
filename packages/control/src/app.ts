import { type App, createInternalIssuer, createService, type Service, writeFileAtomic } from "@endcap/service-kit";
import { modelFacts, openModels, openTables } from "@endcap/storage";
import { loadAdminToken } from "./admin/auth.ts";
import { adminRoutes } from "./admin/routes.ts";
import type { ControlConfig } from "./config.ts";
import { consoleRoutes } from "./console/routes.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { lockDataDir } from "./data-dir-lock.ts";
import { ensureGroupKeys, groupKeyFile } from "./keys/groups.ts";
import { loadSigningKey } from "./keys/signing-key.ts";
import { createLocalFleet } from "./local-fleet.ts";
import type { Log } from "./log.ts";
import { localLocations } from "./provisioner/desired.ts";
import { doorbellRoutes } from "./provisioner/doorbell.ts";
import { createFleet, type Fleet } from "./provisioner/fleet.ts";
import { postgresMemory } from "./provisioner/postgres-memory.ts";
import type { Provisioner } from "./provisioner/provisioner.ts";
import { recommenderName, SHARED } from "./provisioner/spec.ts";
import { unmanaged } from "./provisioner/unmanaged.ts";
import { openSnapshotFeed } from "./snapshot/feed.ts";
import { snapshotRoutes } from "./snapshot/routes.ts";
import { createSnapshotSource } from "./snapshot/source.ts";
import { createTenantReader } from "./snapshot/tenant-state.ts";
import { openStores } from "./stores.ts";
import { createTrainer } from "./training/trainer.ts";
import { createUsageIntake } from "./usage/intake.ts";
import { usageRoutes } from "./usage/routes.ts";
import { version } from "./version.ts";

export interface ControlOptions {
  readonly log?: Log;
  readonly now?: () => number;
}

/** Control with what it runs. */
export interface Control extends Service {
  readonly dataDir: DataDir;
  readonly adminToken: string;
  readonly fleet: Fleet;
  readonly tenantCount: number;
}

/** A gateway that has not heard of a change by then is down, and learns it when it comes back. */
const APPLIED_MS_MAX = 3_000;

/**
 * Builds control: opens the data directory and the database, and once it listens brings up the processes of this
 * machine. `listen` resolves when the shared ones are ready; `close` stops them in order before anything of its own.
 */
export async function buildControl(config: ControlConfig, options: ControlOptions = {}): Promise<Control> {
  const { now = Date.now } = options;
  const closers: (() => unknown)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await build();
  } catch (error) {
    await closeAll();
    throw error;
  }

  async function build(): Promise<Control> {
    const dataDir = await openDataDir(config.dataDir);
    closers.push(lockDataDir(dataDir.control));
    const service = createService({ name: "control", config, version, now, ...(options.log && { log: options.log }) });
    const { app, log } = service;
    const startedAt = new Date(now()).toISOString();

    const jwksFile = await ensureGroupKeys(dataDir.keys);
    const signing = await loadSigningKey(dataDir.snapshotKey);
    await writeFileAtomic(dataDir.snapshotPublicKey, signing.publicKey.export({ type: "spki", format: "pem" }), 0o644);
    const adminToken = await loadAdminToken(dataDir.adminToken);
    const issuer = await createInternalIssuer({
      keyFile: groupKeyFile(dataDir.keys, "control"),
      group: "control",
      audience: ["ml", "recommender", "collector"],
      tenants: "*",
      now,
    });

    const stores = await openStores(config, dataDir, log, now);
    closers.push(() => stores.close());
    const { db, tenants, jobs } = stores;
    const locations = localLocations(dataDir);
    const tables = await openTables(locations.tables);
    closers.push(() => tables.close());
    const models = openModels(locations.models);

    const source = createSnapshotSource(db, createTenantReader(stores.atRest, now));
    const feed = await openSnapshotFeed(db, source, (error) => log.error({ err: error }, "reading a change failed"));
    closers.push(() => feed.close());

    const trainer = createTrainer({
      db,
      jobs,
      tenants,
      dataDir,
      ...locations,
      async countRows(tenant) {
        await using table = await tables.open({ tenant, env: "live" });
        return (await table.stats()).rows;
      },
      everyMs: config.trainEveryMs,
      newRowsMin: config.trainNewRowsMin,
      log,
    });
    closers.push(() => trainer.stop());

    let controlUrl = "";
    let provisioner: Provisioner = unmanaged;
    const fleet = createFleet({
      provisioner: () => provisioner,
      tenants,
      async champion(tenantId) {
        const store = models.open(tenantId);
        const pointer = await store.pointer("champion");
        if (pointer === undefined) return undefined;
        const { version, trainedAt } = await modelFacts(store, pointer.value);
        return trainedAt === undefined ? undefined : { version, trainedAt };
      },
      snapshotVersion: () => source.version(),
    });
    const unsubscribe = feed.subscribe({ onChange: reconcile, onGap: reconcile });
    function reconcile(): void {
      provisioner.reconcile().catch((error: unknown) => log.error({ err: error }, "reconciling failed"));
    }

    const { postgres } = stores;
    const facts = {
      version,
      dataDir: dataDir.root,
      startedAt,
      url: () => controlUrl,
      snapshotVersion: () => feed.version,
      ...(postgres && { postgres: { pid: () => postgres.pid, rssBytes: () => postgresMemory(postgres.pid) } }),
    };
    const context = { ...stores, trainer, fleet, now };
    await app.register(async (scope: App) =>
      snapshotRoutes(scope, { jwksFile, source, feed, signingKey: signing.privateKey, now }),
    );
    await app.register(async (scope: App) =>
      adminRoutes(scope, { token: adminToken, context, facts, issuer, tables, models }),
    );
    await app.register(async (scope: App) =>
      doorbellRoutes(scope, { jwksFile, wake: (tenant) => provisioner.wake(recommenderName(tenant)), now }),
    );
    const intake = createUsageIntake(db, now);
    await app.register(async (scope: App) => usageRoutes(scope, { jwksFile, intake }));
    await app.register(async (scope: App) => consoleRoutes(scope));
    service.check("database", async () => {
      await db.query("SELECT 1");
    });
    service.status(() => ({ snapshotVersion: feed.version }));
    app.addHook("onClose", closeAll);
    const known = await tenants.list();
    return {
      name: service.name,
      app,
      admin: service.admin,
      log,
      registry: service.registry,
      get draining() {
        return service.draining;
      },
      observe: service.observe,
      check: service.check,
      status: service.status,
      dataDir,
      adminToken,
      fleet,
      tenantCount: known.length,
      async listen() {
        const address = await service.listen();
        controlUrl = address.url;
        if (config.provisioner === "local") {
          provisioner = createLocalFleet({
            ...{ config, dataDir, stores, trainer, tables, models, controlUrl, log, now },
            applied: () => fleet.applied(APPLIED_MS_MAX),
          });
          await provisioner.reconcile();
          await Promise.all(Object.values(SHARED).map((name) => provisioner.ready(name)));
          await Promise.all(known.map(({ id }) => waitForRecommender(id)));
        }
        return address;
      },
      async close() {
        unsubscribe();
        await trainer.stop();
        await provisioner.stop();
        await service.close();
      },
    };

    /** One damaged tenant must not keep all others down: its fault is told and the reconciler goes on trying. */
    async function waitForRecommender(tenantId: string): Promise<void> {
      await provisioner.ready(recommenderName(tenantId)).catch((error: unknown) => {
        log.error({ err: error, tenant: tenantId }, "a recommender does not start");
      });
    }
  }
}
