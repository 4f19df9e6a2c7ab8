export { buildGateway, type GatewayDependencies } from "./app.ts";
export { type GatewayConfig, gatewayConfig } from "./config.ts";
