import { runService } from "@endcap/service-kit";
import { buildControl } from "./app.ts";
import { controlConfig } from "./config.ts";

await runService(controlConfig, (config) => buildControl(config));
