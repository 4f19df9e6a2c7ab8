import { runService } from "@endcap/service-kit";
import { buildGateway } from "./app.ts";
import { gatewayConfig } from "./config.ts";
import { asWorker, createWorkers } from "./workers/workers.ts";

await runService(gatewayConfig, (config) => {
  if (config.workers === 1) return buildGateway(config);
  const own = asWorker(config);
  return own === undefined ? createWorkers(config) : buildGateway(own.config, { worker: own.worker });
});
