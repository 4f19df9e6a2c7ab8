/** POST /v1/events of the fake. */
import { EndcapError, type Event, type EventsAnswer, judgeEvent, LIMITS } from "@endcap/protocol";
import { hexEncode } from "@endcap/protocol/encoding";
import { sha256 } from "@endcap/protocol/sha256";
import { type RandomBytes, uuidV7, uuidV7Time } from "@endcap/protocol/uuid";
import type { FakeStore } from "./store.ts";
import { asRecord, readJson } from "./values.ts";

/** @throws EndcapError as the collector refuses a whole batch */
export function takeEvents(store: FakeStore, body: Uint8Array, now: number, random: RandomBytes): EventsAnswer {
  const batch = asRecord(readJson(body));
  const batchId = judgeBatchId(batch.batchId, now, random);
  if (!Array.isArray(batch.events) || batch.events.length === 0 || batch.events.length > LIMITS.eventsPerBatchMax) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "/events", code: "minItems" }] });
  }
  const rejected: EventsAnswer["rejected"] = [];
  const good = new Map<string, Event>();
  let repeated = 0;
  for (const [index, raw] of (batch.events as unknown[]).entries()) {
    const verdict = judgeEvent(raw, { now, imported: false });
    const shopper = verdict.ok ? verdict.value.shopper : undefined;
    if (!verdict.ok) {
      const { id } = asRecord(raw);
      rejected.push({
        index,
        ...(typeof id === "string" && uuidV7Time(id) !== null && { id }),
        code: verdict.code,
        ...(verdict.pointer !== undefined && { pointer: verdict.pointer }),
      });
    } else if (shopper?.anonymousId === undefined && shopper?.userId === undefined) {
      rejected.push({ index, id: verdict.value.id, code: "shopper_missing", pointer: "/shopper" });
    } else if (good.has(verdict.value.id)) repeated += 1;
    else good.set(verdict.value.id, verdict.value);
  }
  const result = store.append(batchId, hexEncode(sha256(body)), [...good.values()]);
  if (result === "changed") throw new EndcapError("batch_changed");
  const isNew = result === "stored";
  return {
    accepted: isNew ? good.size : 0,
    duplicates: repeated + (isNew ? 0 : good.size),
    rejected,
    batchId,
    serverTime: new Date(now).toISOString(),
  };
}

function judgeBatchId(given: unknown, now: number, random: RandomBytes): string {
  if (given === undefined) return uuidV7(now, random);
  const time = typeof given === "string" ? uuidV7Time(given) : null;
  if (typeof given !== "string" || time === null) throw new EndcapError("batch_id_invalid");
  if (time > now + LIMITS.clockAheadMs) throw new EndcapError("clock_ahead");
  if (time < now - LIMITS.batchAgeMs) throw new EndcapError("clock_behind");
  return given;
}
