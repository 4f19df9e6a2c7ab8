/** A served list as a short JSON array; the row's key holds its id and its shopper. Append-only: new fields go last. */
import type { ServedRecord, Shopper } from "@endcap/protocol";
import { type ShopperKey, shopperKeyOf } from "../ports/shopper.ts";

type Packed = [
  at: string,
  strategy: string,
  placement: string | 0,
  variant: string | 0,
  modelVersion: string | null,
  answeredBy: 0 | 1,
  items: string[],
  /** Only of a user that had an anonymous id as well. */
  anonymousId?: string,
];

export function encodeServed(record: ServedRecord): string {
  const packed: Packed = [
    record.at,
    record.strategy,
    record.placement ?? 0,
    record.variant ?? 0,
    record.modelVersion,
    record.answeredBy === "recommender" ? 0 : 1,
    record.items,
  ];
  if (record.shopper.anonymousId !== undefined && shopperKeyOf(record.shopper)?.kind === "user")
    packed.push(record.shopper.anonymousId);
  return JSON.stringify(packed);
}

export function decodeServed(key: ShopperKey | undefined, recommendationId: string, text: string): ServedRecord {
  const [at, strategy, placement, variant, modelVersion, answeredBy, items, anonymousId] = JSON.parse(text) as Packed;
  const shopper: Shopper = {};
  if (anonymousId !== undefined) shopper.anonymousId = anonymousId;
  if (key?.kind === "anonymous") shopper.anonymousId = key.id;
  if (key?.kind === "user") shopper.userId = key.id;
  return {
    recommendationId,
    at,
    shopper,
    items,
    strategy,
    ...(placement !== 0 && { placement }),
    ...(variant !== 0 && { variant }),
    modelVersion,
    answeredBy: answeredBy === 0 ? "recommender" : "fallback",
  };
}
