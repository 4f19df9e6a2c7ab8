/** The wire contract: a table of contents. Browser bundles import the subpaths they need (`@endcap/protocol/envelope`, …). */
export { base32Encode, base64urlDecode, base64urlEncode, hexEncode, utf8, utf8Length } from "./encoding.ts";
export {
  bootstrapBody,
  ENVELOPE_CONTENT_TYPE,
  type Envelope,
  envelopeSigningPrefix,
  type ParsedEnvelope,
  parseEnvelope,
  signEnvelope,
  signedBody,
} from "./envelope.ts";
export {
  EndcapError,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  ProblemDetails,
  type ProblemOptions,
  problem,
} from "./errors.ts";
export {
  EVENT_FIELD_NAMES,
  EVENT_TYPES,
  Event,
  EventBatch,
  EventItem,
  EventsAnswer,
  type EventType,
  RejectedEvent,
  Shopper,
} from "./events.ts";
export { HOLDOUT, isHeldOut, placementIn, shopperPoint, variantOf } from "./experiments.ts";
export {
  compileFilter,
  type Filter,
  type FilterLeaf,
  type FilterNode,
  type ItemPredicate,
  parseFilter,
  predicateOf,
  type Scalar,
} from "./filter.ts";
export {
  type Component,
  contentDigest,
  digestField,
  type ProfileInput,
  parseSignature,
  parseSignatureInput,
  profileBase,
  SIGNATURE_LABEL,
  SIGNATURE_TAG,
  type SignableMessage,
  type SignRequestOptions,
  signatureBase,
  signatureText,
  signRequest,
} from "./http-signature.ts";
export {
  decodeSecret,
  type Environment,
  isAnonymousId,
  isTenantId,
  type KeyId,
  type KeyKind,
  maskAnonymousId,
  newAnonymousId,
  newKeyId,
  newSecret,
  newTenantId,
  parseKeyId,
} from "./ids.ts";
export { CompleteImportRequest, ImportId, ImportPartAnswer, ImportState } from "./imports.ts";
export { AttributeValue, Availability, Item, PutItemsAnswer, PutItemsRequest } from "./items.ts";
export { assertPlacement } from "./judge-placement.ts";
export {
  addressMarkKey,
  type DerivedKeys,
  deriveKeys,
  SCOPES,
  type Scope,
  sessionSigningKey,
  sessionTokenKey,
  tenantSessionKey,
} from "./keys.ts";
export { LIMITS } from "./limits.ts";
export { MoneyFormat, moneyFormat } from "./money.ts";
export {
  DEFAULT_PLACEMENTS,
  Experiment,
  ExperimentVariant,
  isStrategy,
  Placement,
  PlacementRule,
  STRATEGIES,
  type Strategy,
  StrategyName,
} from "./placements.ts";
export {
  AnsweredPartHeader,
  AskedPartHeader,
  COALESCED_CONTENT_TYPE,
  CONTROL_KEY,
  CoalescedPartAnswer,
  CoalescedPartHeader,
  DEADLINE_HEADER,
  decodePrincipal,
  encodePrincipal,
  LastPartsHeader,
  LeftPartHeader,
  LinkRequest,
  PARTS_CONTENT_TYPE,
  PRINCIPAL_HEADER,
  Principal,
} from "./principal.ts";
export {
  FallbackList,
  ModelInfo,
  Preview,
  RankRequest,
  Reason,
  RecommendationAnswer,
  RecommendationRequest,
  RecommendedItem,
  RuleEffect,
  ServedRecord,
  StrategyRequest,
} from "./recommendations.ts";
export { isRetryableStatus } from "./retryable.ts";
export { OpenSessionAnswer, OpenSessionRequest, Session, SessionClaims, SessionSettings } from "./sessions.ts";
export { hkdfSha256, hmacSha256, sha256 } from "./sha256.ts";
export {
  Canary,
  NODE_KEY_HEADER,
  RevokedSession,
  SEALED_TO_HEADER,
  SEALING_INFO,
  SignedSnapshotLine,
  type Snapshot,
  SnapshotKey,
  SnapshotMessage,
  SnapshotTenant,
  SnapshotUpstream,
  TenantRoutes,
  TenantSecrets,
  TenantSettings,
} from "./snapshot.ts";
export { QUOTA_SOFT_SHARE, RATE_LIMIT_DRAFT, TIERS, Tier, TierLimits, type TierPlan } from "./tiers.ts";
export { LATENCY_BOUNDS_MS, monthOf, UsageAnswer, UsageRecord, UsageReport } from "./usage.ts";
export { type RandomBytes, uuidV7, uuidV7Time, uuidV8, uuidVersion } from "./uuid.ts";
export { type EventRules, type Judged, judgeEvent, judgeItem } from "./validate.ts";
