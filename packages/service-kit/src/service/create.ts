import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { App } from "../app.ts";
import type { DescribeRequest, OnCompleted } from "../http/completion.ts";
import { createApp } from "../http/create-app.ts";
import { createRegistry, createRequestObserver, type ObserveRequest } from "../http/metrics.ts";
import { within } from "../within.ts";
import { canShareAPort, createAcceptors } from "./acceptors.ts";
import { type Check, createHealth } from "./health.ts";
import { listenOn } from "./listen.ts";
import { settleResponses } from "./settled-responses.ts";
import { stdoutLog } from "./stdout-log.ts";

/** What `serviceKeys` declares. */
export interface ServiceConfig {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly logLevel: string;
  readonly drainDelayMs: number;
  readonly drainMsMax: number;
}

export interface ServiceOptions {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly version?: string;
  /** Take request ids over from the caller. For services behind the gateway. */
  readonly trustRequestId?: boolean;
  /** Default 1 MiB; a route may set its own. */
  readonly bodyLimitBytes?: number;
  /** Time for a whole request to arrive, headers and body. Default 30 s. */
  readonly requestMsMax?: number;
  /** Default: pino on stdout at `config.logLevel`. */
  readonly log?: Logger;
  /** The client's address is the last one in X-Forwarded-For. Only behind a load balancer that adds it there. */
  readonly trustProxy?: boolean;
  readonly now?: () => number;
  /** Sockets that listen on the traffic port besides the app's own, where the system spreads connections over them. */
  readonly acceptors?: number;
  /** All requests of the traffic port log with the service's own logger, as `AppOptions.sharedLogger` says. */
  readonly sharedLogger?: boolean;
  /** Told of each completed request of the traffic port; it must neither wait nor throw. */
  readonly onCompleted?: OnCompleted;
  /** What the service adds to each completion record. */
  readonly describe?: DescribeRequest;
}

export interface ServiceAddress {
  readonly url: string;
  readonly adminUrl: string;
}

export type StatusFacts = () => Record<string, unknown> | Promise<Record<string, unknown>>;

/** A process that listens: the app on its traffic port, and the admin app on a port that is not for the public. */
export interface Service {
  readonly name: string;
  readonly app: App;
  /** `/metrics`, `/healthz`, `/readyz`, `/internal/v1/status`, and what a service adds. It asks for no credentials. */
  readonly admin: App;
  readonly log: Logger;
  readonly registry: Registry;
  readonly draining: boolean;
  /** Counts what was answered without a request of its own, such as a part of one. */
  readonly observe: ObserveRequest;
  /** A condition of readiness. A check that throws, or takes longer than 2 s, makes the service not ready. */
  check(name: string, check: Check): void;
  /** What `/internal/v1/status` says besides name, version and uptime. */
  status(facts: StatusFacts): void;
  listen(): Promise<ServiceAddress>;
  /**
   * Readiness turns 503, after `drainDelayMs` the port closes, requests in flight get `drainMsMax` to finish, then the
   * `onClose` hooks of the app run. Calling it again answers the same promise.
   */
  close(): Promise<void>;
}

const closersMsMax = 5_000;

export function createService(options: ServiceOptions): Service {
  settleResponses();
  const { name, config } = options;
  const now = options.now ?? Date.now;
  const startedAt = now();
  const log = options.log ?? stdoutLog(name, config.logLevel);
  const registry = createRegistry(name);
  const health = createHealth(log);
  const observe = createRequestObserver(registry);
  const app = createApp({ ...options, log, observe });
  // Scrapes and probes would drown the service's own numbers, so the admin app keeps none.
  const admin = createApp({ log, now });
  const facts: StatusFacts[] = [];
  let closing: Promise<void> | undefined;

  health.routes(app);
  health.routes(admin);
  admin.get("/metrics", { config: { quiet: true } }, async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  admin.get("/internal/v1/status", { config: { quiet: true } }, status);

  async function status(): Promise<Record<string, unknown>> {
    const parts = await Promise.all(facts.map((fact) => fact()));
    return Object.assign(
      {
        service: name,
        version: options.version ?? "0.0.0",
        uptimeMs: now() - startedAt,
        draining: health.draining,
        rssBytes: process.memoryUsage.rss(),
      },
      ...parts,
    );
  }

  app.addHook("onSend", (_request, reply, payload, done) => {
    if (health.draining) reply.header("connection", "close");
    done(null, payload);
  });

  async function close(): Promise<void> {
    health.drain();
    if (config.drainDelayMs > 0) await sleep(config.drainDelayMs);
    // A connection that turns idle after the port has closed is nobody's to close but ours.
    const reaper = setInterval(() => app.server.closeIdleConnections(), 50);
    const cut = setTimeout(() => {
      log.warn({ drainMsMax: config.drainMsMax }, "connections cut at the end of the drain");
      app.server.closeAllConnections();
    }, config.drainMsMax);
    try {
      await within(config.drainMsMax + closersMsMax, app.close(), "the service did not close in time");
    } finally {
      clearInterval(reaper);
      clearTimeout(cut);
      admin.server.closeAllConnections();
      await admin.close();
    }
  }

  return {
    name,
    app,
    admin,
    log,
    registry,
    get draining() {
      return health.draining;
    },
    observe,
    check: health.check,
    status(more) {
      facts.push(more);
    },
    async listen() {
      const adminUrl = await listenOn(admin, name, "adminPort", config.adminHost, config.adminPort);
      try {
        // Last, so that the app's own closers wait for its hooks.
        const acceptors = canShareAPort && options.acceptors ? createAcceptors(app, options.acceptors) : undefined;
        return { url: await listenOn(app, name, "port", config.host, config.port, acceptors), adminUrl };
      } catch (error) {
        await admin.close();
        throw error;
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
