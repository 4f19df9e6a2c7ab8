export type {
  Event,
  EventBatch,
  EventsAnswer,
  EventType,
  ImportPartAnswer,
  ImportState,
  Item,
  RecommendationAnswer,
  RecommendationRequest,
  RecommendedItem,
  StrategyRequest,
} from "@endcap/protocol";
export type { EventData, ItemRef } from "@endcap/protocol/event-data";
export type { ItemInput, Items, UpsertOptions, UpsertProgress, UpsertResult } from "./catalogue/items.ts";
export { Endcap, type Events } from "./endcap.ts";
export {
  type ApiErrorCode,
  EndcapApiError,
  EndcapConnectionError,
  EndcapError,
  EndcapTimeoutError,
} from "./errors.ts";
export {
  type BatchingOptions,
  EndcapFlushError,
  type FlushCounts,
  type ShopperFields,
  type TrackData,
} from "./events/tracker.ts";
export type { DropReason, Hooks, RequestInfo } from "./hooks.ts";
export type { CallOptions } from "./http/transport.ts";
export type { UserTokenOptions } from "./identity.ts";
export type {
  Import,
  ImportFault,
  ImportProgress,
  ImportResult,
  ImportRunOptions,
  Imports,
} from "./imports/import.ts";
export type { ImportLine } from "./imports/parts.ts";
export type { EndcapOptions } from "./options.ts";
export type { Recommendations, Recommenders } from "./recommendations.ts";
export type { ErasureReceipt, ShopperRef, Shoppers } from "./shoppers.ts";
export { EndcapWebhookError, type WebhookHeaders, type Webhooks } from "./webhooks.ts";
