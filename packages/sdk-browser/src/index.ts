export type { Endcap, Options, Recommendations, RecommendRequest } from "./core/client.ts";
export { consent, flush, identify, init, recommend, reset, signOut, track } from "./core/instance.ts";
