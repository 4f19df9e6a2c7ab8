/**
 * Events from `track()` until they are acknowledged: loose for a moment, then frozen in batches whose id, bytes and
 * signature never change. Both live in the store, so that a killed page loses nothing.
 */
import type { Event } from "@endcap/protocol";
import type { Context } from "../core/context.ts";
import { uuidV7 } from "../core/uuid.ts";
import type { Sessions } from "../session/session.ts";

export const EVENTS_PATH = "/v1/events";

/** Below a beacon's 64 KB even if every character takes three bytes. */
const BATCH_CHARS_MAX = 20_000;
const BATCH_EVENTS_MAX = 500;
/** Less than half of what browsers give all of the shop's scripts; the oldest events go first. */
const OUTBOX_CHARS_MAX = 2_000_000;
export type Outbox = ReturnType<typeof createOutbox>;

/** What a batch's name tells: whose events they are, and the clock's skew when it was frozen. */
interface BatchFacts {
  readonly anonymousId: string;
  readonly skewMs: number;
}

/** Whose loose events an entry holds. */
export const looseOwner = (name: string): string => name.split(" ")[1] ?? "";

export function createOutbox(context: Context, sessions: Sessions) {
  const { store, now, random, warn } = context;
  /** Made when it is first needed: the first random number costs a slow phone some milliseconds of the script's task. */
  let tab: string | undefined;
  /** Events as JSON by id, all of one shopper: another tab may sign out at any moment. */
  let loose = new Map<string, string>();
  let looseChars = 0;
  let looseOf = "";
  let persisting = false;

  const looseEvents = (): string => [...loose.values()].join();

  function looseName(): string {
    tab ??= uuidV7(now(), random);
    return `loose ${looseOf} ${tab}`;
  }

  function persist(): void {
    persisting = false;
    if (loose.size) store.set(looseName(), `${now()} [${looseEvents()}]`);
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
    if (!loose.size) return;
    put(looseEvents(), looseOf);
    store.remove(looseName());
    loose = new Map();
    looseChars = 0;
    makeRoom();
  }

  const batches = (): string[] => store.names("batch ");
  const bodyOf = (name: string): string => store.get(name) ?? "";
  const payloadOf = (name: string): string => bodyOf(name).slice(bodyOf(name).indexOf("\n") + 1);

  function facts(name: string): BatchFacts {
    const [, , anonymousId = "", skewMs] = name.split(" ");
    return { anonymousId, skewMs: Number(skewMs) };
  }

  function makeRoom(): void {
    let room = OUTBOX_CHARS_MAX;
    for (const name of batches().reverse()) {
      room -= bodyOf(name).length;
      if (room >= 0) continue;
      store.remove(name);
      warn("full");
    }
  }

  /** Loose events of other tabs, or of pages that are gone. */
  const strays = (): string[] => store.names("loose ").filter((name) => name !== looseName());

  return {
    batches,
    facts,
    freeze,
    put,
    payloadOf,
    looseEvents,
    strays,
    drop: store.remove,
    bodyOf,

    /** Keeps an event. It is stored at the end of this task, once for a burst. */
    enqueue(event: Event): void {
      const text = JSON.stringify(event);
      if (
        looseOf !== sessions.anonymousId() ||
        looseChars + text.length > BATCH_CHARS_MAX ||
        loose.size >= BATCH_EVENTS_MAX
      ) {
        freeze();
      }
      looseOf = sessions.anonymousId();
      // The same fact told again, before it left, tells it better.
      loose.set(event.id, text);
      looseChars += text.length;
      if (persisting) return;
      persisting = true;
      queueMicrotask(persist);
    },

    /** The same payload under another envelope: its session is no good. */
    reframe(name: string): void {
      // Another tab may have had it acknowledged meanwhile.
      if (bodyOf(name)) store.set(name, sessions.frame(EVENTS_PATH, payloadOf(name), facts(name).anonymousId));
    },
  };
}
