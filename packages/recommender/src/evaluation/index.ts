export { itemKnn } from "./baselines/item-knn.ts";
export { popularity, sessionItems } from "./baselines/naive.ts";
export { vSknn } from "./baselines/v-sknn.ts";
export { vmisKnn } from "./baselines/vmis-knn.ts";
export { vstan } from "./baselines/vstan.ts";
export { type Evaluation, evaluate } from "./evaluate.ts";
export { modelRanker } from "./model-ranker.ts";
export type { Ranker, Task } from "./ranker.ts";
export { everyPrefix, prefixRows, readSessions, type TestRow, toLog } from "./session-file.ts";
