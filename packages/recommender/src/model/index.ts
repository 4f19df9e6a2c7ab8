export type { SessionItems } from "./candidates.ts";
export {
  CART,
  firstSessions,
  type InteractionLog,
  PURCHASE,
  sessionCount,
  VIEW,
} from "./interaction-log.ts";
export {
  EventLogBuilder,
  interactionKind,
  SESSION_IDLE_SECONDS,
  SessionLogBuilder,
  type ShopEvent,
} from "./log-builder.ts";
export { Model, type ModelMeta } from "./model.ts";
export {
  encodeModel,
  ModelFileError,
  type ModelFileFault,
  ModelOpening,
  openModel,
  roomForModel,
  writeModel,
} from "./model-file.ts";
export {
  type Acceptance,
  createList,
  type ListOptions,
  type RankedList,
  type RankOptions,
  type Reason,
  reasons,
} from "./ranking.ts";
export { type TrainOptions, type TrainReport, trainModel } from "./train.ts";
