/** Judging events and items as they arrive: the one place where raw JSON becomes an Event or an Item. */
import { Compile } from "typebox/compile";
import { utf8Length } from "./encoding.ts";
import type { ErrorCode } from "./errors.ts";
import { EVENT_FIELD_NAMES, Event } from "./events.ts";
import { Item } from "./items.ts";
import { LIMITS } from "./limits.ts";

export type Judged<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly pointer?: string };

const eventCheck = Compile(Event);
const itemCheck = Compile(Item);
const KNOWN = new Set(EVENT_FIELD_NAMES);

const refuse = (code: ErrorCode, pointer?: string) => ({
  ok: false as const,
  code,
  ...(pointer !== undefined && { pointer }),
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Unknown fields move under `context`; names that could reach a prototype are dropped. */
function gatherContext(raw: Record<string, unknown>): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  let extra: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(raw)) {
    if (KNOWN.has(name)) event[name] = value;
    else if (name !== "__proto__" && name !== "constructor" && name !== "prototype") {
      extra ??= {};
      extra[name] = value;
    }
  }
  if (extra) event.context = { ...extra, ...(isRecord(raw.context) ? raw.context : {}) };
  return event;
}

export interface EventRules {
  /** Unix milliseconds of the server. */
  readonly now: number;
  /** Imports may carry events of any age. */
  readonly imported: boolean;
}

/** An event as stored, or the code and pointer of its first fault. Does not judge who the shopper is. */
export function judgeEvent(raw: unknown, rules: EventRules): Judged<Event> {
  if (!isRecord(raw)) return refuse("event_invalid", "");
  const event = gatherContext(raw);
  if (!eventCheck.Check(event)) return refuse("event_invalid", eventCheck.Errors(event)[0]?.instancePath ?? "");
  const value = event as Event;
  const tooLong = longId(value);
  if (tooLong) return refuse("event_invalid", tooLong);
  if (value.context && jsonBytes(value.context) > LIMITS.eventContextBytesMax)
    return refuse("event_too_large", "/context");
  const at = Date.parse(value.at);
  if (Number.isNaN(at)) return refuse("event_invalid", "/at");
  if (at > rules.now + LIMITS.clockAheadMs) return refuse("clock_ahead", "/at");
  if (!rules.imported && at < rules.now - LIMITS.eventAgeMs) return refuse("clock_behind", "/at");
  return { ok: true, value };
}

/** Stringifying recurses: what is nested deeper than the stack reaches is too large as well. */
function jsonBytes(value: unknown): number {
  try {
    return utf8Length(JSON.stringify(value));
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

const over = (id: string | undefined): boolean =>
  id !== undefined && id.length * 3 > LIMITS.idBytesMax && utf8Length(id) > LIMITS.idBytesMax;

function longId(event: Event): string | null {
  if (over(event.transactionId)) return "/transactionId";
  if (over(event.shopper?.userId)) return "/shopper/userId";
  if (over(event.shopper?.anonymousId)) return "/shopper/anonymousId";
  const item = event.items?.findIndex(({ id }) => over(id)) ?? -1;
  return item < 0 ? null : `/items/${item}/id`;
}

/** An item as stored, or the code and pointer of its first fault. */
export function judgeItem(raw: unknown): Judged<Item> {
  if (!isRecord(raw)) return refuse("item_invalid", "");
  if (!itemCheck.Check(raw)) return refuse("item_invalid", itemCheck.Errors(raw)[0]?.instancePath ?? "");
  if (over(raw.id)) return refuse("item_invalid", "/id");
  if (over(raw.groupId)) return refuse("item_invalid", "/groupId");
  if (Number.isNaN(Date.parse(raw.updatedAt))) return refuse("item_invalid", "/updatedAt");
  if (utf8Length(JSON.stringify(raw)) > LIMITS.itemBytesMax) return refuse("item_too_large", "");
  return { ok: true, value: raw };
}
