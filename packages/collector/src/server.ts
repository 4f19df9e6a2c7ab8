import { runService } from "@endcap/service-kit";
import { buildCollector } from "./app.ts";
import { collectorConfig } from "./config.ts";

await runService(collectorConfig, (config) => buildCollector(config));
