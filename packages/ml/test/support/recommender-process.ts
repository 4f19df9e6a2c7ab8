/** A recommender to be killed or stopped: answers one list to whoever has a good token. */

import { RankRequest } from "@endcap/protocol";
import { type App, createService, internalAuth } from "@endcap/service-kit";
import { listFor } from "./list-for.ts";

const [jwksFile = "", tenant = "", port = "0"] = process.argv.slice(2);
const service = createService({
  name: "recommender",
  config: {
    host: "127.0.0.1",
    port: Number(port),
    adminHost: "127.0.0.1",
    adminPort: 0,
    logLevel: "silent",
    drainDelayMs: 0,
    drainMsMax: 0,
  },
});
await service.app.register(async (internal: App) => {
  await internal.register(internalAuth, { audience: "recommender", jwksFile, tenant });
  internal.post("/internal/v1/recommend", { schema: { body: RankRequest } }, async ({ body }) => listFor(body));
});
process.send?.(await service.listen());
