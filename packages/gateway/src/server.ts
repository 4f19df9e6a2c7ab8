import { runService } from "@endcap/service-kit";
import { buildGateway } from "./app.ts";
import { gatewayConfig } from "./config.ts";

await runService(gatewayConfig, buildGateway);
