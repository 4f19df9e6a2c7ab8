/**
 * Events from `track()` until they are acknowledged: loose for a moment, then frozen in batches whose id, bytes and
 * signature never change. Both live in the store, so that a killed page loses nothing.
 */
import type { Event } from "@endcap/protocol";
import { uuidV7 } from "@endcap/protocol/uuid";
import { attempt } from "../core/attempt.ts";
import type { Context } from "../core/context.ts";
import type { Sessions } from "../session/session.ts";

export const EVENTS_PATH = "/v1/events";

/** Below a beacon's 64 KB even if every character takes three bytes. */
const BATCH_CHARS_MAX = 20_000;
const BATCH_EVENTS_MAX = 500;
/** Half of what browsers give all of the shop's scripts is theirs; the oldest events go first. */
const OUTBOX_CHARS_MAX = 1_000_000;
/** Loose events of a tab that has not written for this long belong to a page that was killed. */
export const ORPHAN_MS = 10_000;

export type Outbox = ReturnType<typeof createOutbox>;

/** What a batch's name tells: its id, whose events they are, and the clock's skew when it was frozen. */
interface BatchFacts {
  readonly batchId: string;
  readonly anonymousId: string;
  readonly skewMs: number;
}

export function createOutbox(context: Context, sessions: Sessions) {
  const { store, now, random, warn } = context;
  const tab = uuidV7(now(), random);
  /** Events as JSON, all of one shopper: another tab may sign out at any moment. */
  let loose: string[] = [];
  let looseChars = 0;
  let looseOf = "";
  let persisting = false;

  const looseName = (): string => `loose ${looseOf} ${tab}`;

  function persist(): void {
    persisting = false;
    if (loose.length > 0) store.set(looseName(), `${now()} [${loose}]`);
  }

  function put(events: string, anonymousId: string): void {
    const batchId = uuidV7(sessions.serverNow(), random);
    const payload = `{"batchId":"${batchId}","events":[${events}]}`;
    store.set(
      `batch ${batchId} ${anonymousId} ${sessions.skewMs()}`,
      sessions.frame(EVENTS_PATH, payload, anonymousId),
    );
  }

  function freeze(): void {
    if (loose.length === 0) return;
    put(loose.join(), looseOf);
    store.remove(looseName());
    loose = [];
    looseChars = 0;
    makeRoom();
  }

  const batches = (): string[] => store.names("batch ");
  const body = (name: string): string => store.get(name) ?? "";
  const payloadOf = (name: string): string => body(name).slice(body(name).indexOf("\n") + 1);
  const eventsOf = (name: string): Event[] =>
    attempt(() => (JSON.parse(payloadOf(name)) as { events: Event[] }).events) ?? [];

  function facts(name: string): BatchFacts {
    const [, batchId = "", anonymousId = "", skewMs] = name.split(" ");
    return { batchId, anonymousId, skewMs: Number(skewMs) };
  }

  function makeRoom(): void {
    let room = OUTBOX_CHARS_MAX;
    for (const name of batches().reverse()) {
      room -= body(name).length;
      if (room >= 0) continue;
      store.remove(name);
      warn("the outbox is full");
    }
  }

  /**
   * Takes over what killed pages left loose; false when some may still be another tab's. Events that were frozen as well
   * count once, by their ids.
   */
  function adopt(): boolean {
    let all = true;
    for (const name of store.names("loose ")) {
      const [time = "", ...rest] = (store.get(name) ?? "").split(" ");
      if (name === looseName()) continue;
      if (now() - Number(time) < ORPHAN_MS) {
        all = false;
        continue;
      }
      store.remove(name);
      const events = rest.join(" ").slice(1, -1);
      if (events) put(events, name.split(" ")[1] ?? "");
    }
    return all;
  }

  return {
    batches,
    facts,
    freeze,
    adopt,
    remove: store.remove,
    body,

    /** Keeps an event. It is stored at the end of this task, once for a burst. */
    add(event: Event): void {
      const text = JSON.stringify(event);
      if (
        looseOf !== sessions.anonymousId() ||
        looseChars + text.length > BATCH_CHARS_MAX ||
        loose.length >= BATCH_EVENTS_MAX
      ) {
        freeze();
      }
      looseOf = sessions.anonymousId();
      loose.push(text);
      looseChars += text.length;
      if (persisting) return;
      persisting = true;
      queueMicrotask(persist);
    },

    /** Events of this shopper that are not acknowledged yet, oldest first. */
    pending(): Event[] {
      const mine = batches().filter((name) => facts(name).anonymousId === sessions.anonymousId());
      return [...mine.flatMap(eventsOf), ...loose.map((text) => JSON.parse(text) as Event)];
    },

    /** The same payload under another envelope: its session is no good. */
    reframe(name: string): void {
      // Another tab may have had it acknowledged meanwhile.
      if (body(name)) store.set(name, sessions.frame(EVENTS_PATH, payloadOf(name), facts(name).anonymousId));
    },

    /**
     * Makes a batch of a wrong clock right: nothing of it was stored, so it may change. False when the clock it was
     * frozen by was right after all.
     */
    mend(name: string): boolean {
      const { skewMs, anonymousId } = facts(name);
      const shiftMs = sessions.skewMs() - skewMs;
      const moved = eventsOf(name).map((event) =>
        JSON.stringify({ ...event, at: new Date(Date.parse(event.at) + shiftMs).toISOString() }),
      );
      if (shiftMs === 0 || moved.length === 0) return false;
      store.remove(name);
      put(moved.join(), anonymousId);
      return true;
    },
  };
}
