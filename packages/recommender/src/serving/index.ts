/** The path of one request inside the process, for `npm run bench -- recommend`. */
export { Catalogue } from "../catalogue/catalogue.ts";
export { LiveDelta } from "../live/live-delta.ts";
export { type History, historyOf } from "./history.ts";
export { Ranker } from "./ranker.ts";
export { rulesOf } from "./rules.ts";
