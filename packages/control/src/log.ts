import type { Service } from "@endcap/service-kit";

/** The service's own logger. */
export type Log = Service["log"];
