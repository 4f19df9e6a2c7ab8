import { EndcapError } from "@endcap/protocol";
import { type App, createService, internalAuth, type Service, type ServiceOptions } from "@endcap/service-kit";
import { openTables } from "@endcap/storage";
import { Gauge } from "prom-client";
import type { CollectorConfig } from "./config.ts";
import { EventCounts } from "./events/event-counts.ts";
import { GroupAppender } from "./events/group-appender.ts";
import { eventRoutes } from "./events/routes.ts";
import { EventTail } from "./events/tail.ts";
import { tailRoutes } from "./events/tail-routes.ts";
import { importRoutes } from "./imports/routes.ts";
import { CatalogueObserver } from "./items/observer.ts";
import { itemRoutes } from "./items/routes.ts";
import { linkRoutes } from "./links/routes.ts";
import { servedRoutes } from "./served/routes.ts";
import { shopperRoutes } from "./shoppers/routes.ts";

export interface CollectorOptions {
  /** Unix milliseconds; the system's clock by default. */
  readonly now?: () => number;
  readonly log?: NonNullable<ServiceOptions["log"]>;
}

/** The Collector API: validates, appends durably, acknowledges. Everything but health lies behind an internal token. */
export async function buildCollector(config: CollectorConfig, options: CollectorOptions = {}): Promise<Service> {
  const { now = Date.now, log } = options;
  const service = createService({ name: "collector", config, trustRequestId: true, now, ...(log && { log }) });
  const { app, registry } = service;
  const tables = openTables(config.tables, { now, openMax: config.tablesOpenMax });
  const observer = new CatalogueObserver({ tables, registry, log: app.log, now });
  app.addHook("onClose", async () => {
    await observer.settled();
    await tables.close();
  });

  const counts = new EventCounts(registry);
  const tail = new EventTail();
  const appender = new GroupAppender(tables, config.pendingBytesMax);
  new Gauge({
    name: "endcap_events_pending_bytes",
    help: "payload bytes of events that wait for stable storage",
    registers: [registry],
    collect() {
      this.set(appender.pendingBytes);
    },
  });
  service.status(() => ({ pendingBytes: appender.pendingBytes, acceptedEvents: counts.byTenant() }));

  const { tenant } = config;
  await app.register(async (internal: App) => {
    await internal.register(internalAuth, {
      audience: "collector",
      jwksFile: config.jwksFile,
      now,
      ...(tenant !== undefined && { tenant }),
    });
    internal.addHook("onRequest", (request, _reply, done) => {
      const encoding = request.headers["content-encoding"];
      done(
        encoding === undefined || encoding === "identity" ? undefined : new EndcapError("content_encoding_unsupported"),
      );
    });
    await internal.register(eventRoutes, { tables, appender, counts, tail, observer, tenant, now });
    await internal.register(tailRoutes, { tail });
    await internal.register(itemRoutes, { tables, now });
    await internal.register(importRoutes, { tables, counts, now });
    await internal.register(linkRoutes, { tables, now });
    await internal.register(servedRoutes, { tables, now });
    await internal.register(shopperRoutes);
  });
  return service;
}
