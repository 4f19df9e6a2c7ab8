/** The Collector API as a Fastify app, and its configuration. `server.ts` is the process. */
export { buildCollector, type CollectorOptions } from "./app.ts";
export { type CollectorConfig, collectorConfig } from "./config.ts";
