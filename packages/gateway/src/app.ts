import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EndcapError, LIMITS } from "@endcap/protocol";
import { type App, createService, type Service } from "@endcap/service-kit";
import { Counter } from "prom-client";
import { adminRoutes } from "./admin/routes.ts";
import { createBrowserAuth } from "./auth/browser-request.ts";
import { createNonceStore } from "./auth/nonce-store.ts";
import { createServerAuth } from "./auth/server-request.ts";
import { createSessionTokens } from "./auth/session-tokens.ts";
import { checkSettings } from "./check-settings.ts";
import type { GatewayConfig } from "./config.ts";
import { preflightRoutes } from "./cors/preflight.ts";
import { carryAnswerFields } from "./edge/answer-fields.ts";
import { eventsRoute } from "./edge/events-route.ts";
import { guard } from "./edge/gate.ts";
import { passThroughRoutes } from "./edge/pass-through-routes.ts";
import { rawBodies } from "./edge/raw-bodies.ts";
import { recommendationsRoute } from "./edge/recommendations-route.ts";
import { createCoalescer } from "./forward/coalescer.ts";
import { createInternalTokens } from "./forward/internal-tokens.ts";
import { createParts } from "./forward/parts.ts";
import { passThrough } from "./forward/pass-through.ts";
import { createUpstreams } from "./forward/upstreams.ts";
import { createAddressLimiter } from "./limits/address-limiter.ts";
import { type Admission, createAdmission } from "./limits/admission.ts";
import { createBackSeats } from "./limits/back-seats.ts";
import { createBodyBudget } from "./limits/body-budget.ts";
import { createFailedProofs } from "./limits/failed-proofs.ts";
import { createLoadShedder, type LoadShedder } from "./limits/load-shedder.ts";
import { createQuota } from "./limits/quota.ts";
import { createSessionLimits } from "./limits/session-limits.ts";
import { usageToControl } from "./metering/control-usage.ts";
import { createMetering, type Metering } from "./metering/metering.ts";
import { createRequestMetrics, type RequestMetrics } from "./metering/request-metrics.ts";
import { sdkRoutes } from "./sdk-files/routes.ts";
import { createSdkFiles } from "./sdk-files/sdk-files.ts";
import { createLinks } from "./sessions/links.ts";
import { openSessionRoute } from "./sessions/open-session.ts";
import { createSessionObjects } from "./sessions/session-objects.ts";
import { openRedis } from "./shared/redis.ts";
import { shareNonces } from "./shared/shared-nonces.ts";
import { createSharedRates } from "./shared/shared-rates.ts";
import { createSnapshotSource, internalKeyFile } from "./snapshot-source.ts";
import { createTenantDirectory } from "./tenants/directory.ts";
import { createTracer } from "./tracing/tracer.ts";

export interface GatewayDependencies {
  /** Default `Date.now`. */
  readonly now?: () => number;
  /** Which of `config.workers` this is, default 0; the others keep their snapshot and usage in directories of their own. */
  readonly worker?: number;
}

/** Besides the one that every server has. */
const acceptors = 15;
const eventsPath = "/v1/events";
const hotPaths: ReadonlySet<string> = new Set([eventsPath, "/v1/recommendations"]);
/** 100 hydrated items of the largest size, and room for reasons. */
const listBytesMax = 8 * 1024 * 1024;
/** A worker that knows nobody by then listens all the same, so that somebody says that it is not ready. */
const firstSnapshotMsMax = 5_000;
const builtSdk = fileURLToPath(new URL("../../sdk-browser/dist/sdk/", import.meta.url));

/**
 * The edge. It reads the snapshot's state from disk, and listens for newer ones once it runs.
 * @throws ConfigError, EndcapError `config_invalid`
 */
export async function buildGateway(
  config: GatewayConfig,
  { now = Date.now, worker = 0 }: GatewayDependencies = {},
): Promise<Service> {
  checkSettings(config);
  const ownDir = worker === 0 ? config.nodeDir : join(config.nodeDir, `worker-${worker}`);
  let metering: Metering | undefined;
  let metrics: RequestMetrics | undefined;
  let admission: Admission | undefined;
  let shedder: LoadShedder | undefined;
  const service = createService({
    name: "gateway",
    config,
    now,
    trustProxy: config.trustProxy,
    onCompleted(request, route, status, ms) {
      const { tenant, principal, fault, method } = request;
      if (tenant === null || principal === null) return;
      admission?.leave(request);
      metering?.meter.complete(tenant.usage, principal.env, method, route, status, fault?.code, ms);
      metrics?.observe(tenant.tier, route, status, ms);
      if (status < 300 && hotPaths.has(route)) shedder?.answered(route === eventsPath, ms);
    },
    // Nobody here asks for a request's own logger.
    sharedLogger: true,
    describe: ({ passage }) => passage?.described ?? "",
    requestMsMax: config.requestMsMax,
    // Workers get their connections from the process that started them.
    acceptors: config.workers === 1 ? acceptors : 0,
  });
  const { app, registry } = service;
  const draining = () => service.draining;

  const requestMetrics = createRequestMetrics(registry);
  metrics = requestMetrics;
  const tracer = await createTracer({
    url: config.otlpUrl,
    sampleRatio: config.traceSampleRatio,
    log: service.log,
    registry,
    now,
  });
  const upstreams = createUpstreams({
    connectionsMax: config.upstreamConnectionsMax,
    answerMsMax: config.upstreamMsMax,
    healthEveryMs: config.upstreamHealthEveryMs,
    tls: { caFile: config.upstreamCaFile, certFile: config.upstreamCertFile, keyFile: config.upstreamKeyFile },
    log: service.log,
    registry,
  });
  const tokens = await createInternalTokens({
    keyFile: await internalKeyFile(config),
    group: config.group,
    tenants: config.tenants,
    now,
  });
  metering = await createMetering({
    directory: join(ownDir, "usage"),
    send: config.controlUrl === undefined ? undefined : usageToControl(config.controlUrl, tokens.control),
    flushMs: config.usageFlushMs,
    bytesMax: config.usageBytesMax,
    onRows: requestMetrics.add,
    log: service.log,
    registry,
    now,
  });
  const { meter, ledger } = metering;
  const directory = createTenantDirectory(meter.of);
  const known = Promise.withResolvers<void>();
  const snapshot = createSnapshotSource({
    config,
    ownDir,
    issuer: tokens.control,
    onState(state, delta) {
      directory.apply(state, delta);
      upstreams.apply(state);
      known.resolve();
    },
    log: service.log,
    registry,
    now,
  });
  const redis = config.redisUrl === undefined ? undefined : await openRedis(config.redisUrl, service.log, registry);
  const rates = redis && createSharedRates(redis, randomUUID());
  const gateways = () => metering?.gateways ?? config.gateways * config.workers;
  const admitting = createAdmission({ gateways, rates });
  admission = admitting;
  const shedding = createLoadShedder(config.overloadDelayMs, registry);
  shedder = shedding;
  const quota = createQuota(ledger, service.log, registry);
  const forgotten = new Counter({
    name: "endcap_nonces_forgotten_total",
    help: "used signatures that were forgotten before their time, for want of room",
    registers: [registry],
  });
  const ownNonces = createNonceStore({
    perKeyMax: config.noncesPerKeyMax,
    onForgotten: (count) => forgotten.inc(count),
  });
  const nonces = redis === undefined ? ownNonces : shareNonces(ownNonces, redis, registry);
  const byAddress = (requestsPerSecond: number, burst: number) =>
    createAddressLimiter({ requestsPerSecond, burst }, config.addressesMax);
  const bootstraps = byAddress(config.addressRequestsPerSecond, config.addressBurst);
  const failedProofs = createFailedProofs(byAddress(config.refusalsPerSecond, config.refusalsBurst));
  const sessionLimits = createSessionLimits(byAddress(config.browserRequestsPerSecond, config.browserBurst), {
    requestsPerSecond: config.sessionRequestsPerSecond,
    burst: config.sessionBurst,
  });
  const bodies = createBodyBudget(config.bodiesBytesMax);
  const sessionTokens = createSessionTokens(directory, config.sessionsCachedMax);
  const servers = createServerAuth(directory, nonces, now);
  const browsers = createBrowserAuth({ directory, sessions: sessionTokens, bootstraps, sessionLimits, now });
  const sessions = createSessionObjects({ tokens: sessionTokens, publicUrl: config.publicUrl, now });
  const coalescer = createCoalescer({ issuer: tokens.collector, queuedBytesMax: config.queuedBytesMax });
  const parts = createParts({
    path: "/internal/v1/recommendation-parts",
    issuer: tokens.ml,
    answerBytesMax: listBytesMax,
    answerMsMax: config.upstreamMsMax,
  });
  const links = createLinks(upstreams, tokens);

  async function edge(scope: App): Promise<void> {
    carryAnswerFields(scope);
    tracer.watch(scope);
    guard(scope, {
      directory,
      tracer,
      servers,
      browsers,
      failedProofs,
      bodies,
      quota,
      shedder: shedding,
      admission: admitting,
      backSeats: createBackSeats(),
      draining,
      now,
    });
    const signedTypes = ["application/json", "text/plain"];
    scope.register(async (inner) => {
      rawBodies(inner, signedTypes, LIMITS.eventsBodyBytesMax);
      eventsRoute(inner, { upstreams, coalescer, sessions, meter, draining });
    });
    scope.register(async (inner) => {
      rawBodies(inner, signedTypes, LIMITS.recommendationBodyBytesMax);
      recommendationsRoute(inner, { upstreams, parts, sessions, deadlineMs: config.recommendDeadlineMs, draining });
    });
    for (const route of passThroughRoutes(config.recommendDeadlineMs)) {
      scope.register(async (inner) => passThrough(inner, route, { upstreams, tokens }));
    }
  }

  async function openSessions(scope: App): Promise<void> {
    carryAnswerFields(scope);
    tracer.watch(scope);
    scope.decorateRequest("passage", null);
    scope.addHook("onRequest", (request, _reply, done) => {
      request.passage = tracer.begin(request.headers);
      done();
    });
    rawBodies(scope, ["application/json", "text/plain"], LIMITS.sessionBodyBytesMax);
    await openSessionRoute(scope, { directory, browsers, sessions, links, failedProofs, admission: admitting, now });
  }

  app.decorateRequest("tenant", null);
  app.decorateRequest("occupied", null);
  preflightRoutes(app, directory);
  app.register(edge);
  app.register(openSessions);
  const sdkFiles = createSdkFiles(config.sdkDir ?? builtSdk, now);
  app.register(async (scope) => sdkRoutes(scope, sdkFiles));
  const shedLevel = () => shedding.level;
  const seen = { config, snapshot, directory, upstreams, meter, shedLevel, gateways, draining, now };
  service.admin.register(async (scope) => adminRoutes(scope, seen));

  service.check("snapshot", () => {
    if (snapshot.state === undefined) throw new EndcapError("not_ready", { internal: "no snapshot yet" });
    if (snapshot.ageMs() > config.snapshotAgeMsMax) {
      throw new EndcapError("not_ready", { internal: "the snapshot is too old: revocations since are not known here" });
    }
  });
  service.status(() => ({
    snapshotVersion: snapshot.state?.version ?? null,
    snapshotAgeMs: snapshot.ageMs(),
    snapshotFault: snapshot.fault ?? null,
    tenants: directory.tenantCount,
    upstreams: upstreams.count,
  }));

  // Workers share a port with others that may know everybody: whoever comes is theirs until this one does as well.
  if (config.workers > 1) {
    app.addHook("onReady", () => Promise.race([known.promise, sleep(firstSnapshotMsMax, undefined, { ref: false })]));
  }
  app.addHook("onClose", async () => {
    shedding.stop();
    rates?.stop();
    redis?.close();
    await Promise.all([metering?.close(), tracer.close()]);
    await snapshot.close();
    parts.close();
    await upstreams.close();
  });
  await snapshot.start();
  metering.start();
  shedding.start();
  rates?.start();
  return service;
}
