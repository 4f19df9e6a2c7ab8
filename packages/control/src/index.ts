export { buildControl, type Control, type ControlOptions } from "./app.ts";
export { type ControlConfig, controlConfig } from "./config.ts";
