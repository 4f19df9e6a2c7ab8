import { join } from "node:path";
import {
  type App,
  createInternalIssuer,
  createService,
  createSnapshotClient,
  internalAuth,
  type Service,
  type ServiceOptions,
} from "@endcap/service-kit";
import { openModels } from "@endcap/storage";
import type { MlConfig } from "./config.ts";
import { FallbackLists } from "./fallback/lists.ts";
import { KnownTenants } from "./recommend/known-tenants.ts";
import { recommendRoutes } from "./recommend/routes.ts";
import { Recommenders } from "./recommenders/recommenders.ts";
import { ServedReporter } from "./served/reporter.ts";

export interface MlOptions {
  /** Unix milliseconds; the system's clock by default. */
  readonly now?: () => number;
  readonly log?: NonNullable<ServiceOptions["log"]>;
}

/** The ML API: placement to strategy and rules, the tenant's recommender within a deadline, else the fallback list. */
export async function buildMl(config: MlConfig, options: MlOptions = {}): Promise<Service> {
  const { now = Date.now } = options;
  const service = createService({
    name: "ml",
    config,
    trustRequestId: true,
    now,
    ...(options.log && { log: options.log }),
  });
  const { app, log, registry } = service;

  const recommenders = new Recommenders({
    connectionsMax: config.connectionsMax,
    breaker: {
      failuresMax: config.breakerFailures,
      openMs: config.breakerOpenMs,
      now: () => performance.now(),
    },
  });
  const issuer = (audience: "control" | "collector") =>
    createInternalIssuer({
      keyFile: config.groupKeyFile,
      group: config.group,
      audience: [audience],
      tenants: config.tenant ?? "*",
      now,
    });
  const known = new KnownTenants();
  const snapshot = createSnapshotClient({
    url: config.snapshotUrl,
    issuer: await issuer("control"),
    publicKeyFile: config.snapshotPublicKeyFile,
    stateFile: join(config.stateDir, "snapshot.json"),
    nodeKeyFile: join(config.stateDir, "node.key"),
    secrets: false,
    onState(state, delta) {
      known.apply(state, delta);
      recommenders.keepOnly(new Set([...state.upstreams.values()].map(({ url }) => url)));
    },
    log,
    registry,
    now,
  });
  const lists = new FallbackLists({
    models: openModels(config.models),
    refreshMs: config.fallbackRefreshMs,
    bytesMax: config.fallbackBytesMax,
    now,
    onFault: (tenant, error) => log.warn({ tenant, err: error }, "the fallback list could not be read"),
  });
  const reporter = new ServedReporter({ issuer: await issuer("collector"), registry });

  service.check("snapshot", () => {
    if (snapshot.state === undefined) throw new Error("no snapshot from control yet");
  });
  service.status(() => ({
    snapshotVersion: snapshot.state?.version ?? null,
    tenants: snapshot.state?.tenants.size ?? 0,
    recommendersLeftAlone: recommenders.leftAlone,
    fallbackLists: lists.size,
    reportsPending: reporter.pending,
  }));
  app.addHook("onClose", async () => {
    await Promise.all([snapshot.close(), recommenders.close(), reporter.close()]);
  });

  await app.register(async (internal: App) => {
    await internal.register(internalAuth, {
      audience: "ml",
      jwksFile: config.jwksFile,
      now,
      ...(config.tenant !== undefined && { tenant: config.tenant }),
    });
    await internal.register(recommendRoutes, {
      known,
      recommenders,
      lists,
      reporter,
      registry,
      deadlineMsDefault: config.deadlineMsDefault,
      deadlineMarginMs: config.deadlineMarginMs,
      tenant: config.tenant,
      observe: (status, seconds) => service.observe("POST", "/v1/recommendations", status, seconds),
      now,
    });
  });
  await snapshot.start();
  return service;
}
