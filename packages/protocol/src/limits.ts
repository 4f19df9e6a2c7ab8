/** Bounds of the wire, one place. Bytes, counts and milliseconds as the names say. */
const SECOND = 1000;
const DAY = 86_400 * SECOND;

export const LIMITS = {
  /** Body of POST /v1/events, the envelope line included. */
  eventsBodyBytesMax: 512 * 1024,
  eventsPerBatchMax: 500,
  /** One event as JSON; larger ones are rejected alone. */
  eventBytesMax: 32 * 1024,
  eventItemsMax: 200,
  eventContextBytesMax: 4 * 1024,
  envelopeLineBytesMax: 2 * 1024,
  idBytesMax: 500,
  recommendationBodyBytesMax: 64 * 1024,
  recommendationLimitMax: 100,
  recommendationLimitDefault: 12,
  recommendationOffsetMax: 1000,
  recommendationRecentMax: 20,
  recommendationIdsMax: 1000,
  itemsPerRequestMax: 1000,
  itemsBodyBytesMax: 8 * 1024 * 1024,
  itemBytesMax: 64 * 1024,
  /** A part of an import, as sent (gzip) and unpacked. */
  importPartBytesMax: 8 * 1024 * 1024,
  importPartUnpackedBytesMax: 128 * 1024 * 1024,
  importPartsMax: 100_000,
  sessionBodyBytesMax: 8 * 1024,
  filterDepthMax: 5,
  filterLeavesMax: 50,
  /** A coalesced request from gateway to collector; of its parts as many may wait on an open request to ml. */
  coalescedPartsMax: 256,
  coalescedBytesMax: 1024 * 1024,
  internalHeaderBytesMax: 8 * 1024,
  /** The list of popular items a recommender publishes for times when it cannot answer. */
  fallbackItemsMax: 200,
  activeKeysPerKindMax: 2,

  sessionMs: 15 * 60 * SECOND,
  /** A session token is honoured this long past its end. */
  sessionGraceMs: 60 * SECOND,
  /** |now - created| of a signed server request, and of a signed browser recommendation. */
  signatureSkewMs: 300 * SECOND,
  nonceMs: 600 * SECOND,
  /** How far ahead of the server's clock an event, a batch or an envelope may be. */
  clockAheadMs: 5 * 60 * SECOND,
  /** How old a batch or an envelope may be. */
  batchAgeMs: 7 * DAY,
  /** How old an event may be, unless it is imported. */
  eventAgeMs: 30 * DAY,
  internalTokenMs: 120 * SECOND,
  internalTokenRemintMs: 60 * SECOND,
  userTokenMs: 24 * 3600 * SECOND,
  recommendDeadlineMs: 150,
} as const;
