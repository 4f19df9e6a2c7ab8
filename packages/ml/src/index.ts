/** The ML API as a Fastify app, and its configuration. `server.ts` is the process. */
export { buildMl, type MlOptions } from "./app.ts";
export { type MlConfig, mlConfig } from "./config.ts";
