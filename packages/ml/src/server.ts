import { runService } from "@endcap/service-kit";
import { buildMl } from "./app.ts";
import { mlConfig } from "./config.ts";

await runService(mlConfig, (config) => buildMl(config));
