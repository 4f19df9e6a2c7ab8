import { hash, randomFillSync } from "node:crypto";
import {
  EndcapError,
  type Event,
  EventBatch,
  judgeEvent,
  LIMITS,
  type Principal,
  type RejectedEvent,
  type Shopper,
  utf8Length,
  uuidV7,
  uuidV7Time,
  uuidVersion,
} from "@endcap/protocol";
import { ITEM_OBSERVED } from "@endcap/protocol/event-data";
import { parseJson, pointersOf } from "@endcap/service-kit";
import type { AppendBatch, ShopperEvents } from "@endcap/storage";
import { shopperKeyOf } from "@endcap/storage";
import { Compile } from "typebox/compile";
import { expiresAt } from "../retention.ts";
import { requireScope } from "../scope.ts";

/** A batch after judgement: what to store and what to answer. */
export interface JudgedBatch {
  readonly batchId: string;
  /** Absent when no event was good. */
  readonly append: AppendBatch | undefined;
  /** The good events, each id once. */
  readonly events: readonly Event[];
  /** What a page said of the items that it shows. No events of its shopper: not stored and not counted. */
  readonly observed: readonly Event[];
  /** Events whose id an earlier event of this batch has. */
  readonly repeated: number;
  readonly rejected: readonly RejectedEvent[];
}

const batchCheck = Compile(EventBatch);

/**
 * Judges the payload of one POST /v1/events.
 * @throws EndcapError when the batch as a whole is refused: `scope_missing`, `invalid_json`, `invalid_request`,
 * `batch_id_invalid`, `clock_ahead`, `clock_behind`
 */
export function judgeBatch(payload: Buffer, principal: Principal, now: number): JudgedBatch {
  if (principal.auth === "sk") requireScope(principal, "events:write");
  const raw = parseJson(payload);
  const batchId = judgeBatchId(raw, now);
  if (!batchCheck.Check(raw)) throw new EndcapError("invalid_request", { errors: pointersOf(batchCheck.Errors(raw)) });

  const proven = provenShopper(principal);
  const mayBeTooLarge = payload.length > LIMITS.eventBytesMax;
  const rejected: RejectedEvent[] = [];
  const observed: Event[] = [];
  const byId = new Map<string, Event>();
  const shoppers = new Map<string, { shopper: ShopperEvents["shopper"]; events: Event[] }>();
  let repeated = 0;

  for (const [index, rawEvent] of raw.events.entries()) {
    const verdict = judgeOne(rawEvent, proven, mayBeTooLarge, now);
    if (!verdict.ok) {
      rejected.push({ index, ...knownId(rawEvent), code: verdict.code, ...pointerOf(verdict) });
      continue;
    }
    const event = verdict.value;
    if (proven && event.type === ITEM_OBSERVED) {
      observed.push(event);
      continue;
    }
    if (byId.has(event.id)) {
      repeated += 1;
      continue;
    }
    byId.set(event.id, event);
    const shopper = shopperKeyOf(event.shopper ?? {});
    if (shopper === undefined) throw new TypeError("a judged event has a shopper");
    // Anonymous and user ids never share a key space, hence the kind in front.
    const key = `${shopper.kind} ${shopper.id}`;
    const part = shoppers.get(key);
    if (part) part.events.push(event);
    else shoppers.set(key, { shopper, events: [event] });
  }

  const events = [...byId.values()];
  const append =
    events.length === 0
      ? undefined
      : {
          batchId,
          digest: hash("sha256", payload, "buffer"),
          receivedAt: now,
          expiresAt: expiresAt(principal.tier, now),
          parts: [...shoppers.values()],
        };
  return { batchId, append, events, observed, repeated, rejected };
}

function judgeBatchId(raw: unknown, now: number): string {
  const given = typeof raw === "object" && raw !== null && "batchId" in raw ? raw.batchId : undefined;
  if (given === undefined) return uuidV7(now, randomFillSync);
  const time = typeof given === "string" ? uuidV7Time(given) : null;
  if (typeof given !== "string" || time === null) throw new EndcapError("batch_id_invalid");
  if (time > now + LIMITS.clockAheadMs) throw new EndcapError("clock_ahead", { detail: "The batch id's time" });
  if (time < now - LIMITS.batchAgeMs) throw new EndcapError("clock_behind", { detail: "The batch id's time" });
  return given;
}

/** For whom a browser speaks; `undefined` for a server, which names the shopper of each event. */
function provenShopper({ auth, anonymousId, userId }: Principal): Shopper | undefined {
  if (auth === "sk") return undefined;
  if (anonymousId === undefined && userId === undefined) {
    throw new EndcapError("header_invalid", { internal: "a browser principal names no shopper" });
  }
  return { ...(anonymousId !== undefined && { anonymousId }), ...(userId !== undefined && { userId }) };
}

function judgeOne(raw: unknown, proven: Shopper | undefined, mayBeTooLarge: boolean, now: number) {
  if (typeof raw !== "object" || raw === null) return refused("event_invalid", "");
  // What a page claims about its shopper is not even judged.
  if (proven) Reflect.set(raw, "shopper", proven);
  const verdict = judgeEvent(raw, { now, imported: false });
  if (!verdict.ok) return verdict;
  const { shopper } = verdict.value;
  if (shopper?.anonymousId === undefined && shopper?.userId === undefined)
    return refused("shopper_missing", "/shopper");
  if (mayBeTooLarge && utf8Length(JSON.stringify(raw)) > LIMITS.eventBytesMax) return refused("event_too_large", "");
  return verdict;
}

const refused = (code: "event_invalid" | "event_too_large" | "shopper_missing", pointer: string) =>
  ({ ok: false, code, pointer }) as const;

const pointerOf = ({ pointer }: { pointer?: string }) => (pointer === undefined ? {} : { pointer });

/** The refused event's id, when it has one worth repeating. */
function knownId(raw: unknown): { id?: string } {
  const id = typeof raw === "object" && raw !== null && "id" in raw ? raw.id : undefined;
  return typeof id === "string" && uuidVersion(id) !== null ? { id } : {};
}
